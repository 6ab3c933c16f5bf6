"""What every adapter does: from a schedule, an optimizer and a number of steps to a scheduler."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import torch.distributed as dist
from omegaconf import DictConfig
from pydantic import BaseModel
from torch.optim import Optimizer

from d9d_lr.provider.auto import AutoLRSchedulerProvider
from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
from d9d_lr.provider.protocols import LRSchedulerProtocol, LRSchedulerProvider

ScheduleSource = LRSchedulerProvider | BaseModel | DictConfig | Mapping[str, Any]
"""A provider, or anything that `AutoLRSchedulerProvider` takes."""


def build_scheduler(source: ScheduleSource, optimizer: Optimizer, total_steps: int) -> LRSchedulerProtocol:
    """Returns a scheduler for an optimizer, with the learning rates of step 0 set.

    Args:
        source: A provider, a config or a section of a Hydra configuration.
        optimizer: The optimizer.
        total_steps: Optimizer steps of the whole run.

    Raises:
        ConfigError: With everything that is wrong with the schedule, or if it does not fit `total_steps`.
    """
    provider: Any = source if isinstance(source, LRSchedulerProvider) else AutoLRSchedulerProvider(source)
    scheduler: LRSchedulerProtocol = provider(
        InitializeLRSchedulerContext(dist_context=this_process(), total_steps=total_steps, optimizer=optimizer)
    )
    return scheduler


def this_process() -> DistributedContext:
    """Returns the place of this process, as torch.distributed knows it or else as torchrun's variables say."""
    if not (dist.is_available() and dist.is_initialized()):
        return DistributedContext.from_env()
    return DistributedContext(
        rank=dist.get_rank(), world_size=dist.get_world_size(), local_rank=int(os.environ.get("LOCAL_RANK", "0"))
    )

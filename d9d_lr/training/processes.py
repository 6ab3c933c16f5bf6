"""Several processes in one run, as torchrun starts them.

Rank 0 alone talks to Hydra, makes the run folder and writes; it hands each job's settings and folder to the other
ranks, which serve jobs until there are no more. So there is one run folder whatever the clocks say.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from d9d_lr.config.settings import Settings
from d9d_lr.provider.context import DistributedContext


@dataclass(frozen=True)
class Job:
    """What rank 0 tells the others to train."""

    settings: Settings
    folder: Path


def launched_with_others() -> bool:
    """Whether torchrun started this process as one of several."""
    return int(os.environ.get("WORLD_SIZE", "1")) > 1


def announce(job: Job | None) -> None:
    """Hands a job to the other ranks; None tells them that there are no more."""
    _start_group()
    dist.broadcast_object_list([job], src=0)


def await_job() -> Job | None:
    """Waits for rank 0's next job."""
    _start_group()
    received: list[Job | None] = [None]
    dist.broadcast_object_list(received, src=0)
    return received[0]


def leave() -> None:
    """Ends this process's part in the group."""
    if dist.is_initialized():
        dist.destroy_process_group()


def spread(model: nn.Module, context: DistributedContext) -> nn.Module:
    """Wraps a model so that its gradients are averaged over all processes."""
    if context.world_size == 1:
        return model
    return DistributedDataParallel(model, device_ids=[context.local_rank] if context.device.type == "cuda" else None)


def own_part(batch: tuple[Tensor, ...], context: DistributedContext) -> tuple[Tensor, ...]:
    """Returns this process's equal part of a global batch, on its device."""
    size = len(batch[0]) // context.world_size
    part = slice(context.rank * size, (context.rank + 1) * size)
    return tuple(tensor[part].to(context.device) for tensor in batch)


def mean_over_processes(value: Tensor, context: DistributedContext) -> float:
    """Returns the mean of a scalar over all processes."""
    if context.world_size > 1:
        value = value.detach().clone()
        dist.all_reduce(value)
        value /= context.world_size
    return value.item()


def _start_group() -> None:
    if not dist.is_initialized():
        with_cuda = torch.cuda.is_available() and dist.is_nccl_available()
        if with_cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        dist.init_process_group("cpu:gloo,cuda:nccl" if with_cuda else "gloo")

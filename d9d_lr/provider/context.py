"""Where a scheduler is built: which process, which optimizer, how many steps."""

from __future__ import annotations

import numbers
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.fields import MAX_STEPS


@dataclass(frozen=True, kw_only=True)
class DistributedContext:
    """The place of this process among those of one run.

    Attributes:
        rank: Index of the process, from 0.
        world_size: Number of processes.
        local_rank: Index of the process on its machine.
        device: Device of the process.
    """

    rank: int = 0
    world_size: int = 1
    local_rank: int = 0
    device: torch.device = field(default_factory=lambda: torch.device("cpu"))

    @property
    def is_main_process(self) -> bool:
        """Whether this is the process that writes files and talks to the user."""
        return self.rank == 0

    @classmethod
    def from_env(cls, device_type: str = "cpu", environ: Mapping[str, str] | None = None) -> DistributedContext:
        """Reads the variables that torchrun sets; without them, this is the only process.

        Args:
            device_type: "cpu" or "cuda"; a CUDA device gets the local rank as its index.
            environ: Read instead of the environment.

        Raises:
            ConfigError: If a variable is not a whole number, or the rank is not below the world size.
        """
        variables = os.environ if environ is None else environ
        rank, world_size = _whole(variables, "RANK", 0), _whole(variables, "WORLD_SIZE", 1)
        local_rank = _whole(variables, "LOCAL_RANK", 0)
        if not 0 <= rank < world_size:
            raise ConfigError(
                [Problem("RANK", f"{rank} is not allowed; it must be from 0 to WORLD_SIZE - 1, {world_size - 1}")]
            )
        device = torch.device(device_type, local_rank) if device_type == "cuda" else torch.device(device_type)
        return cls(rank=rank, world_size=world_size, local_rank=local_rank, device=device)


@dataclass(kw_only=True)
class InitializeLRSchedulerContext:
    """What a provider is given to build a scheduler from.

    Attributes:
        dist_context: The place of this process.
        total_steps: Steps of the whole run.
        optimizer: The optimizer whose learning rates the scheduler sets.
    """

    dist_context: DistributedContext
    total_steps: int
    optimizer: Optimizer

    def __post_init__(self) -> None:
        """Refuses a `total_steps` that is no number of steps.

        Raises:
            ConfigError: If it is not a whole number from 1 to 2**53.
        """
        whole = isinstance(self.total_steps, numbers.Integral) and not isinstance(self.total_steps, bool)
        if not whole or not 0 < self.total_steps <= MAX_STEPS:
            message = f"{self.total_steps!r} is not allowed; it must be a whole number from 1 to {MAX_STEPS}"
            raise ConfigError([Problem("total_steps", message, "it is the number of optimizer steps of the whole run")])


def _whole(variables: Mapping[str, str], name: str, default: int) -> int:
    text = variables.get(name, str(default))
    if not text.isdecimal():
        raise ConfigError([Problem(name, f"{text!r} is not allowed; it must be a whole number")])
    return int(text)

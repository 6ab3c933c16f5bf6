"""What can be seen of the steps of an optimizer, and of what else in this process has to do with them."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from types import MethodType
from typing import Any, Protocol, cast

from torch.amp import GradScaler
from torch.optim import Optimizer

from d9d_lr.schedule.piecewise import Schedule


class Watched(Protocol):
    """What is looked at of a scheduler."""

    optimizer: Optimizer
    schedule: Schedule
    last_epoch: int
    base_lrs: list[Any]

    def get_last_lr(self) -> list[Any]:
        """Returns the learning rates of the current step."""


def hook_steps(optimizer: Any, stepped: Callable[[], None]) -> bool:
    """Counts the optimizer's steps by a method, for as long as its object lives; returns whether they can be seen.

    A wrapper, such as accelerate's, is an Optimizer that passes its steps on to the one inside.
    """
    while not hasattr(optimizer, "_optimizer_step_post_hooks"):
        optimizer = getattr(optimizer, "optimizer", None)
        if optimizer is None:
            return False
    watching = weakref.WeakMethod(stepped)

    def count(*_: Any) -> None:
        if (alive := watching()) is not None:
            alive()

    handle = optimizer.register_step_post_hook(count)
    weakref.finalize(cast(MethodType, stepped).__self__, handle.remove)
    return True


def uses_scaler() -> bool:
    """Whether some GradScaler is in use. It leaves no trace on an optimizer whose step it skips, so look for it."""
    scalers = [each for each in gc.get_objects() if issubclass(type(each), GradScaler)]  # isinstance wakes proxies up
    return any(scaler.is_enabled() for scaler in scalers)


def holds_its_lrs(scheduler: Watched) -> bool:
    """Whether the optimizer has what the scheduler wrote; another kind of scheduler may have taken over."""
    pairs = zip(scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=False)
    return all(float(group["lr"]) == float(lr) for group, lr in pairs)


def lr_of_step(scheduler: Watched, step: int) -> str:
    """Returns the first group's learning rate of a step."""
    return f"{float(scheduler.base_lrs[0]) * scheduler.schedule.multiplier(step):.6g}"

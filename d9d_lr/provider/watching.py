"""What can be seen of the steps of an optimizer, and of what else in this process has to do with them."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

from torch.amp import GradScaler

if TYPE_CHECKING:
    from d9d_lr.provider.guard import StepGuard
    from d9d_lr.provider.torch_scheduler import PiecewiseLR


def hook_steps(optimizer: Any, guard: StepGuard) -> bool:
    """Counts the optimizer's steps for as long as the guard lives; returns whether they can be seen.

    A wrapper, such as accelerate's, is an Optimizer that passes its steps on to the one inside.
    """
    while not hasattr(optimizer, "_optimizer_step_post_hooks"):
        optimizer = getattr(optimizer, "optimizer", None)
        if optimizer is None:
            return False
    watching = weakref.ref(guard)

    def count(*_: Any) -> None:
        if (alive := watching()) is not None:
            alive.optimizer_stepped()

    handle = optimizer.register_step_post_hook(count)
    weakref.finalize(guard, handle.remove)
    return True


def uses_scaler() -> bool:
    """Whether some GradScaler is in use. It leaves no trace on an optimizer whose step it skips, so look for it."""
    scalers = [each for each in gc.get_objects() if issubclass(type(each), GradScaler)]  # isinstance wakes proxies up
    return any(scaler.is_enabled() for scaler in scalers)


def holds_its_lrs(scheduler: PiecewiseLR) -> bool:
    """Whether the optimizer has what the scheduler wrote; another kind of scheduler may have taken over."""
    pairs = zip(scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=False)
    return all(float(group["lr"]) == float(lr) for group, lr in pairs)


def lr_of_step(scheduler: PiecewiseLR, step: int) -> str:
    """Returns the first group's learning rate of a step."""
    return f"{float(scheduler.base_lrs[0]) * scheduler.schedule.multiplier(step):.6g}"

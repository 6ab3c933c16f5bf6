"""The torch scheduler of a schedule: base learning rate times multiplier, for every param group."""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.values import to_plain


class PiecewiseLR(LRScheduler):
    """Sets each param group's learning rate to its base learning rate times m(t).

    The base learning rate of a group is its `initial_lr`, or the learning rate that it had when this scheduler first
    saw it. Groups added later are served from the next step on. A learning rate that is a tensor is written in place,
    so a compiled optimizer step sees the new value without compiling again.

    Attributes:
        schedule: The multiplier as a function of the step.
    """

    def __init__(self, optimizer: Optimizer, schedule: Schedule) -> None:
        self.schedule = schedule
        self._default_base_lr = _default_base_lr(optimizer)
        super().__init__(optimizer)

    def get_lr(self) -> list[float | Tensor]:
        """Returns the learning rate of every param group for the current step, `last_epoch`."""
        self._serve_new_groups()
        multiplier = self.schedule.multiplier(self.last_epoch)
        return [base_lr * multiplier for base_lr in self.base_lrs]

    def state_dict(self) -> dict[str, Any]:
        """Returns the step, the base learning rates and the schedule, in plain values that any loader can read."""
        self._serve_new_groups()
        return {
            "last_epoch": self.last_epoch,
            "base_lrs": [float(base_lr) for base_lr in self.base_lrs],
            "schedule": to_plain(self.schedule),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a saved state, and sets the learning rates at once.

        Raises:
            ConfigError: If the state was saved under another schedule or other base learning rates. To go on under
                the new ones on purpose, call `move_to(state_dict["last_epoch"])` instead.
        """
        mine = self.state_dict()
        problems = [
            Problem(name, f"the saved state has {state_dict.get(name)}, this scheduler has {mine[name]}")
            for name in ("base_lrs", "schedule")
            if state_dict.get(name) != mine[name]
        ]
        step = state_dict.get("last_epoch")
        if not isinstance(step, int) or step < 0:
            problems.append(Problem("last_epoch", f"the saved state has {step}, not a step"))
        if problems:
            raise ConfigError(problems)
        self.move_to(state_dict["last_epoch"])

    def move_to(self, step: int) -> None:
        """Sets the learning rates of `step`, under this schedule and these base learning rates."""
        self.last_epoch = step
        self._step_count = step + 1
        learning_rates = self.get_lr()
        for group, base_lr, lr in zip(self.optimizer.param_groups, self.base_lrs, learning_rates, strict=True):
            group["initial_lr"] = _copy(base_lr)
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(float(lr))
            else:
                group["lr"] = float(lr)
        self._last_lr = [_copy(group["lr"]) for group in self.optimizer.param_groups]

    def __setstate__(self, state: dict[str, Any]) -> None:
        # torch marks an optimizer's `step` when a scheduler is built, to warn of a wrong order at the first step. A
        # copy or a pickle loses the mark, so a copy counts as past that step.
        self.__dict__.update(state)
        self._step_count = max(self._step_count, 2)

    def _serve_new_groups(self) -> None:
        groups = self.optimizer.param_groups
        for group in groups[len(self.base_lrs) :]:
            group.setdefault("initial_lr", self._base_of(group["lr"]))
            self.base_lrs.append(_copy(group["initial_lr"]))

    def _base_of(self, lr: float | Tensor) -> float | Tensor:
        # A tensor that groups share, the optimizer's default or another, holds a scheduled value, not a base one.
        if isinstance(lr, Tensor):
            if lr is self.optimizer.defaults.get("lr"):
                return _copy(self._default_base_lr)
            for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs, strict=False):
                if group["lr"] is lr:
                    return _copy(base_lr)
        return _copy(lr)


def _default_base_lr(optimizer: Optimizer) -> float | Tensor:
    """Returns the base learning rate of groups added without one of their own."""
    default: float | Tensor = optimizer.defaults.get("lr", 0.0)
    for group in optimizer.param_groups:
        if group["lr"] is default:  # another scheduler may already have written into this tensor
            return _copy(group.get("initial_lr", default))
    return _copy(default)


def _copy(lr: float | Tensor) -> float | Tensor:
    return lr.clone() if isinstance(lr, Tensor) else lr

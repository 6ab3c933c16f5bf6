"""A watch on how a scheduler is stepped: every framework has a way of its own to step one wrongly, and none says so.

The optimizer's steps are counted by a hook and set against the scheduler's. What is accused must be certain: skipped
GradScaler steps, accumulation, resuming and several optimizers leave patterns of their own, which are let pass.
"""

from __future__ import annotations

import gc
import warnings
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Literal

from torch.amp import GradScaler
from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import RunError

if TYPE_CHECKING:
    from d9d_lr.provider.torch_scheduler import PiecewiseLR

OnMisstep = Literal["warn", "error", "off"]
"""What happens at a misstep: a `MisstepWarning`, a `RunError`, nothing."""

EQUAL_RUNS = 3
"""This many runs of scheduler steps between optimizer steps, all of one length above 1, are no accident."""

EQUAL_RUNS_WITH_SCALER = 8
"""As `EQUAL_RUNS` where there is a GradScaler, which skips optimizer steps."""

IDLE_STEPS = 10
"""More optimizer steps than this without one of the scheduler, and it is stepped once per epoch, or never."""

_OFF = 'on_misstep="off" silences this'

_latest: weakref.WeakKeyDictionary[Optimizer, weakref.ref[StepGuard]] = weakref.WeakKeyDictionary()
"""The guard of the scheduler that was built, or stepped, last on each optimizer."""


class MisstepWarning(UserWarning):
    """A scheduler is stepped in a way that makes another schedule of it."""


class StepGuard:
    """Watches one scheduler, and reports each kind of misstep once.

    - stepped past `total_steps`: the schedule is over, and the run is not;
    - stepped several times for each optimizer step, as accelerate does with a prepared scheduler in several processes;
    - stepped once per epoch, or not at all, as Lightning does by default;
    - stepped before the first optimizer step;
    - stepped in turn with another scheduler on the same optimizer.

    Attributes:
        policy: What happens at a misstep.
    """

    def __init__(self, scheduler: PiecewiseLR, policy: OnMisstep) -> None:
        self.policy: OnMisstep = policy
        self._scheduler = weakref.ref(scheduler)
        self._optimizer_steps = 0
        self._scheduler_steps = 0
        self._since_optimizer = 0
        self._since_scheduler = 0
        self._runs: deque[int] = deque(maxlen=EQUAL_RUNS_WITH_SCALER - 1)
        self._from_the_start = True
        self._reported: set[str] = set()
        if policy != "off":
            self._watches = _hook(scheduler.optimizer, self)
            _latest[scheduler.optimizer] = weakref.ref(self)

    def moved(self) -> None:
        """Tells that the scheduler was set to a step: what follows does not begin at the start."""
        self._from_the_start = False
        self._since_optimizer = self._since_scheduler = 0
        self._runs.clear()

    def scheduler_stepped(self) -> None:
        """Tells that the scheduler made a step.

        Raises:
            RunError: At a misstep, if the policy is `error`.
        """
        scheduler = self._scheduler()
        if self.policy == "off" or scheduler is None:
            return
        self._scheduler_steps += 1
        self._since_optimizer += 1
        self._since_scheduler = 0
        self._check_end(scheduler)
        self._check_others(scheduler)
        if self._watches:
            self._check_start(scheduler)
            self._check_runs(scheduler)

    def optimizer_stepped(self) -> None:
        """Tells that the optimizer made a step.

        Raises:
            RunError: At a misstep, if the policy is `error`.
        """
        if self._optimizer_steps and self._since_optimizer:
            self._runs.append(self._since_optimizer)
        self._optimizer_steps += 1
        self._since_optimizer = 0
        self._since_scheduler += 1
        if self._since_scheduler == IDLE_STEPS + 1:
            self._check_idle()

    def _check_end(self, scheduler: PiecewiseLR) -> None:
        total_steps = scheduler.schedule.total_steps
        if total_steps is not None and scheduler.last_epoch > total_steps:
            self._report(
                "end",
                f"the scheduler was stepped to step {scheduler.last_epoch} of a schedule of {total_steps} steps, and "
                "stays at its last value: give the provider the number of optimizer steps of the whole run",
            )

    def _check_others(self, scheduler: PiecewiseLR) -> None:
        optimizer = scheduler.optimizer
        latest = _latest.get(optimizer)
        other = latest() if latest else None
        if other is not None and other is not self and other._scheduler_steps and self._scheduler_steps > 1:
            self._report(
                "others",
                f"two schedulers set the learning rate of one {type(optimizer).__name__} in turn, and the one that is "
                "stepped last has its way: step one of them, or give each an optimizer of its own",
            )
        _latest[optimizer] = weakref.ref(self)

    def _check_start(self, scheduler: PiecewiseLR) -> None:
        unseen = self._optimizer_steps == 0 and self._from_the_start and not scheduler.optimizer.state
        if unseen and self._scheduler_steps == 1 and not _uses_scaler():
            self._report(
                "start",
                "the scheduler was stepped before the first optimizer step, so the learning rate of step 0, "
                f"{_lr_of_step(scheduler, 0)}, was not used: call optimizer.step() first, then scheduler.step()",
            )

    def _check_runs(self, scheduler: PiecewiseLR) -> None:
        count = self._since_optimizer
        if count < 2 or "runs" in self._reported or not self._are_equal_runs(EQUAL_RUNS):
            return
        if _uses_scaler() and not self._are_equal_runs(EQUAL_RUNS_WITH_SCALER):
            return
        end = scheduler.schedule.phases[-1].end_step
        self._report(
            "runs",
            f"the scheduler is stepped {count} times for each optimizer step, so its {end} steps end after "
            f"{-(-end // count)}: step it once after each optimizer step (not once per process or micro-batch)",
        )

    def _are_equal_runs(self, needed: int) -> bool:
        runs = [*self._runs, self._since_optimizer][-needed:]
        return len(runs) == needed and len(set(runs)) == 1

    def _check_idle(self) -> None:
        scheduler = self._scheduler()
        if scheduler is None or scheduler.last_epoch < 0:  # torch's SequentialLR keeps those to come at step -1
            return
        latest = _latest.get(scheduler.optimizer)
        if latest is None or latest() is not self or not _holds_its_lrs(scheduler):
            return
        end = scheduler.schedule.phases[-1].end_step
        self._report(
            "idle",
            f"the optimizer made {self._since_scheduler} steps and the scheduler none, still at step "
            f"{scheduler.last_epoch} of {end}: step it after each optimizer step (not once per epoch)",
        )

    def _report(self, kind: str, text: str) -> None:
        if kind in self._reported:
            return
        self._reported.add(kind)
        if self.policy == "error":
            raise RunError(f"{text}. {_OFF}")
        warnings.warn(f"{text}. {_OFF}", MisstepWarning, stacklevel=5)


def _hook(optimizer: Any, guard: StepGuard) -> bool:
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


def _uses_scaler() -> bool:
    """Whether some GradScaler is in use. It leaves no trace on an optimizer whose step it skips, so look for it."""
    scalers = [each for each in gc.get_objects() if issubclass(type(each), GradScaler)]  # isinstance wakes proxies up
    return any(scaler.is_enabled() for scaler in scalers)


def _holds_its_lrs(scheduler: PiecewiseLR) -> bool:
    """Whether the optimizer has what the scheduler wrote; another kind of scheduler may have taken over."""
    pairs = zip(scheduler.optimizer.param_groups, scheduler.get_last_lr(), strict=False)
    return all(float(group["lr"]) == float(lr) for group, lr in pairs)


def _lr_of_step(scheduler: PiecewiseLR, step: int) -> str:
    return f"{float(scheduler.base_lrs[0]) * scheduler.schedule.multiplier(step):.6g}"

"""A watch on how a scheduler is stepped: every framework has a way of its own to step one wrongly, and none says so.

The optimizer's steps are counted by a hook and set against the scheduler's. What is accused must be certain: skipped
GradScaler steps, accumulation, resuming and several optimizers leave patterns of their own, which are let pass.
"""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterator
from typing import Literal

from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.provider.watching import Watched, holds_its_lrs, hook_steps, lr_of_step, uses_scaler

OnMisstep = Literal["warn", "error", "off"]
"""What happens at a misstep: a `MisstepWarning`, a `RunError`, nothing."""

EQUAL_RUNS = 3
"""This many runs of scheduler steps between optimizer steps, all of one length above 1, are no accident."""

EQUAL_RUNS_WITH_SCALER = 8
"""As `EQUAL_RUNS` where there is a GradScaler, which skips optimizer steps."""

IDLE_STEPS = 10
"""So many optimizer steps show that the scheduler is stepped once per epoch, or never."""

PATIENCE = 10 * IDLE_STEPS
"""For so many optimizer steps another optimizer that was stepped once at most may be one that takes turns with it."""

_OFF = 'on_misstep="off" silences this'


class MisstepWarning(UserWarning):
    """A scheduler is stepped in a way that makes another schedule of it."""


class _Place:
    """An optimizer, as its guards share it.

    Attributes:
        latest: The guard of the scheduler that was built, or stepped, last.
    """

    __slots__ = ("__weakref__", "latest")

    def __init__(self) -> None:
        self.latest: weakref.ref[StepGuard] | None = None


_places: weakref.WeakKeyDictionary[Optimizer, _Place] = weakref.WeakKeyDictionary()


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

    def __init__(self, scheduler: Watched, policy: OnMisstep) -> None:
        self.policy: OnMisstep = policy
        self._scheduler = weakref.ref(scheduler)
        self._optimizer_steps = 0
        self._scheduler_steps = 0
        self._since_optimizer = 0  # steps of the scheduler since the optimizer's last one
        self._since_scheduler = 0  # and the other way round
        self._runs: list[int] = []  # lengths above 1 of the last runs of scheduler steps
        self._sparse_steps = 0  # optimizer steps in the last rounds of several to one of the scheduler
        self._counts_elsewhere: dict[weakref.ref[StepGuard], int] = {}
        self._from_the_start = True
        self._reported: set[str] = set()
        self._me = weakref.ref(self)
        if policy != "off":
            self._place = _places.setdefault(scheduler.optimizer, _Place())
            self._place.latest = self._me
            self._watches = hook_steps(scheduler.optimizer, self.optimizer_stepped)

    def moved(self) -> None:
        """Tells that the scheduler was set to a step: what follows does not begin at the start."""
        self._from_the_start = False
        self._since_optimizer = self._since_scheduler = self._sparse_steps = 0
        self._runs.clear()

    def scheduler_stepped(self, scheduler: Watched) -> None:
        """Tells that the scheduler made a step.

        Raises:
            RunError: At a misstep, if the policy is `error`.
        """
        if self.policy == "off":
            return
        waited = self._since_scheduler
        self._since_scheduler = 0
        self._since_optimizer += 1
        self._scheduler_steps += 1
        total_steps = scheduler.schedule.total_steps
        if total_steps is not None and scheduler.last_epoch > total_steps:
            self._report_end(scheduler.last_epoch, total_steps)
        if self._place.latest is not self._me:
            self._check_others(scheduler)
        if self._watches:
            if waited == 1 == self._since_optimizer:  # as it should be
                self._sparse_steps = 0
                return
            self._check_start(scheduler)
            self._check_runs(scheduler)
            self._check_rounds(scheduler, waited)

    def optimizer_stepped(self) -> None:
        """Tells that the optimizer made a step.

        Raises:
            RunError: At a misstep, if the policy is `error`.
        """
        if self._since_optimizer > 1 and self._optimizer_steps:
            self._runs = [*self._runs[1 - EQUAL_RUNS_WITH_SCALER :], self._since_optimizer]
        elif self._runs:
            self._runs.clear()
        if not self._optimizer_steps:
            self._counts_elsewhere = {other._me: other._optimizer_steps for other in self._elsewhere()}
        self._optimizer_steps += 1
        self._since_optimizer = 0
        self._since_scheduler += 1
        if self._since_scheduler and self._since_scheduler % IDLE_STEPS == 0:
            self._check_idle()

    def _report_end(self, step: int, total_steps: int) -> None:
        self._report(
            "end",
            f"the scheduler was stepped to step {step} of a schedule of {total_steps} steps, and stays at its last "
            "value: give the provider the number of optimizer steps of the whole run",
        )

    def _check_others(self, scheduler: Watched) -> None:
        other = self._place.latest() if self._place.latest else None
        if other is not None and other._scheduler_steps and self._scheduler_steps > 1:
            self._report(
                "others",
                f"two schedulers set the learning rate of one {type(scheduler.optimizer).__name__} in turn, and the "
                "one that is stepped last has its way: step one of them, or give each an optimizer of its own",
            )
        self._place.latest = self._me

    def _check_start(self, scheduler: Watched) -> None:
        unseen = self._optimizer_steps == 0 and self._from_the_start and not scheduler.optimizer.state
        if unseen and self._scheduler_steps == 1 and not uses_scaler():
            self._report(
                "start",
                "the scheduler was stepped before the first optimizer step, so the learning rate of step 0, "
                f"{lr_of_step(scheduler, 0)}, was not used: call optimizer.step() first, then scheduler.step()",
            )

    def _check_runs(self, scheduler: Watched) -> None:
        count = self._since_optimizer
        if count < 2 or "runs" in self._reported or not self._are_equal_runs(EQUAL_RUNS):
            return
        if uses_scaler() and not self._are_equal_runs(EQUAL_RUNS_WITH_SCALER):
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

    def _check_rounds(self, scheduler: Watched, waited: int) -> None:
        """Several optimizer steps to one of the scheduler, round for round, as in short epochs."""
        if waited < 2:
            self._sparse_steps = 0
            return
        self._sparse_steps += waited
        if self._sparse_steps + waited > IDLE_STEPS and "idle" not in self._reported and not self._takes_turns():
            end = scheduler.schedule.phases[-1].end_step
            self._report(
                "idle",
                f"the optimizer makes {waited} steps for each of the scheduler, which is at step "
                f"{scheduler.last_epoch} of {end}: step it after each optimizer step (not once per epoch)",
            )

    def _check_idle(self) -> None:
        scheduler = self._scheduler()
        if scheduler is None or scheduler.last_epoch < 0:  # torch's SequentialLR keeps those to come at step -1
            return
        if "idle" in self._reported or self._place.latest is not self._me or not holds_its_lrs(scheduler):
            return
        if self._takes_turns():
            return
        end = scheduler.schedule.phases[-1].end_step
        self._report(
            "idle",
            f"the optimizer made {self._since_scheduler} steps and the scheduler none, still at step "
            f"{scheduler.last_epoch} of {end}: step it after each optimizer step (not once per epoch)",
        )

    def _takes_turns(self) -> bool:
        """Whether another optimizer is stepped more or less often than this one, as generator and critic are.

        One that was stepped in the past only, as an earlier cell of a notebook did, takes no turns, and neither do the
        optimizers of one model, which are stepped together.
        """
        for other in self._elsewhere():
            since = other._optimizer_steps - self._counts_elsewhere.get(other._me, 0)
            waits = other._optimizer_steps <= 1 and self._optimizer_steps <= PATIENCE
            if waits or (since > 0 and abs(since - self._optimizer_steps) > 1):
                return True
        return False

    def _elsewhere(self) -> Iterator[StepGuard]:
        """The guards of other optimizers."""
        for place in list(_places.values()):
            guard = place.latest() if place is not self._place and place.latest else None
            if guard is not None:
                yield guard

    def _report(self, kind: str, text: str) -> None:
        if kind in self._reported:
            return
        self._reported.add(kind)
        if self.policy == "error":
            raise RunError(f"{text}. {_OFF}")
        warnings.warn(f"{text}. {_OFF}", MisstepWarning, stacklevel=5)

"""The torch scheduler of a schedule: base learning rate times multiplier, for every param group."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, assert_never

from torch import Tensor
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from d9d_lr.config.scheduler_fields import BATCH_SIZE
from d9d_lr.provider.base_lrs import LR, base_of_new_group, check_lr, copied, own_default
from d9d_lr.provider.guard import OnMisstep, StepGuard
from d9d_lr.provider.hyperparameters import Hyperparameters
from d9d_lr.provider.resuming import OnScheduleChange, SavedState, changes, refusal, schedule_text
from d9d_lr.provider.resuming_others import SavedOthers, other_changes, written
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.picture import phase_words, schedule_html
from d9d_lr.schedule.piecewise import Schedule

log = logging.getLogger(__name__)


class PiecewiseLR(LRScheduler):
    """Sets each param group's learning rate to its base learning rate times m(t).

    The base learning rate of a group is its `initial_lr`, or the learning rate that it had when this scheduler first
    saw it. Groups added later are served from the next step on. A learning rate that is a tensor is written in place,
    so a compiled optimizer step sees the new value without compiling again.

    Other hyperparameters may be scheduled with it, by one scheduler with one state: each is its own base times its own
    multiplier, in every param group that has it. The batch size may be, which the loop asks for.

    Attributes:
        schedule: The multiplier as a function of the step.
    """

    _groups: list[dict[str, Any]] | None = None  # the optimizer's, as they were when they were looked at
    _served = 0
    _only_floats = False
    _written: list[LR] | None = None

    def __init__(
        self,
        optimizer: Optimizer,
        schedule: Schedule,
        *,
        on_schedule_change: OnScheduleChange = "error",
        on_misstep: OnMisstep = "warn",
        key: str = "lr",
        others: Mapping[str, Schedule] | None = None,
        batch: BatchSizes | None = None,
    ) -> None:
        """Sets the learning rates of step 0, and whatever else is scheduled.

        Args:
            optimizer: The optimizer whose learning rates are set.
            schedule: The multiplier as a function of the step.
            on_schedule_change: What `load_state_dict` does with a state that was saved under another schedule or other
                base learning rates: refuse it, go on at its step under this schedule, or go on with the old one.
            on_misstep: What happens when the scheduler is stepped in a way that is seldom meant; see `StepGuard`.
            key: What the schedule is called in errors.
            others: The multipliers of other hyperparameters by name, such as `weight_decay`, `betas.1` and
                `groups.head.lr`, which the param group called `head` has to itself.
            batch: The batch size of every step.

        Raises:
            ConfigError: If a learning rate is a tensor of integers, or the optimizer does not have what is scheduled.
        """
        for group in optimizer.param_groups:
            check_lr(group["lr"])
        self.schedule = schedule
        self._on_schedule_change: OnScheduleChange = on_schedule_change
        self._key = key
        self._batch = batch
        self._others = Hyperparameters(dict(others or {}))
        self._others.check_served(optimizer.param_groups)
        own_default(optimizer)
        super().__init__(optimizer)
        self._guard = StepGuard(self, on_misstep)

    def get_lr(self) -> list[LR]:
        """Returns the learning rate of every param group for the current step, `last_epoch`."""
        self._serve_new_groups()
        return self._lrs_at(self.last_epoch)

    def _lrs_at(self, step: int) -> list[LR]:
        multiplier = self.schedule.multiplier(step)
        if not self._others.groups_have_own_lr:
            return [base_lr * multiplier for base_lr in self.base_lrs]
        own = (self._others.schedule_of("lr", group) for group in self.optimizer.param_groups)
        return [
            base_lr * (multiplier if schedule is None else schedule.multiplier(step))
            for base_lr, schedule in zip(self.base_lrs, own, strict=True)
        ]

    def get_last_lr(self) -> list[LR]:
        """Returns the learning rates of the current step; tensors are copies."""
        return [copied(lr) for lr in self._last_lr]

    @property
    def batch_size(self) -> int | None:
        """How many examples the batch of the current step has; None where the batch size is not scheduled."""
        return None if self._batch is None else self._batch.size(self.last_epoch)

    @property
    def samples(self) -> int | None:
        """How many examples the steps before the current one have; None where the batch size is not scheduled."""
        return None if self._batch is None else self._batch.samples_before(self.last_epoch)

    def scheduled_values(self) -> dict[str, float]:
        """Returns what is scheduled beside the learning rate by name, with its value for the current step.

        A hyperparameter's value is that of the first param group which follows the schedule.
        """
        values = self._others.values(self.optimizer.param_groups)
        return values if self._batch is None else {**values, BATCH_SIZE: self._batch.size(self.last_epoch)}

    def step(self, epoch: int | None = None) -> None:
        """Advances by one step and sets the learning rates of the next one; call it after `optimizer.step()`.

        All of it is done here: torch's own `step` takes as long again, and its check of the order takes a skipped
        GradScaler step for a wrong one.
        """
        self._step_count += 1
        if epoch is not None:
            self._update_lr(epoch)
            return
        self.last_epoch += 1
        self._write()
        if self._step_count > 1:  # the first call comes from torch, on construction
            self._guard.scheduler_stepped(self)

    def _update_lr(self, epoch: int | None = None) -> None:
        """Sets the learning rates of the next step, or of `epoch`, as torch's SequentialLR asks for at a milestone."""
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        self._write()
        self._guard.moved()

    def _write(self) -> None:
        """Writes what is scheduled for `last_epoch` into the param groups."""
        groups = self.optimizer.param_groups
        if groups is not self._groups or len(groups) != self._served:
            self._look_at_groups()
        if self._only_floats and not isinstance(groups[0]["lr"], Tensor):
            multiplier = self.schedule.multiplier(self.last_epoch)
            for group, base_lr in zip(groups, self.base_lrs, strict=True):
                group["lr"] = base_lr * multiplier
            self._written = None
            return
        for group, lr in zip(groups, self._lrs_at(self.last_epoch), strict=True):
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(lr.squeeze() if isinstance(lr, Tensor) else lr)
            else:
                group["lr"] = lr
        self._written = [copied(group["lr"]) for group in groups]
        self._others.write(groups, self.last_epoch)

    def _look_at_groups(self) -> None:
        """Takes up what changes seldom: which groups there are, and whether learning rates in floats are all there is.

        A group's learning rate that becomes a tensor later on is seen if the first group's does.
        """
        self._serve_new_groups()
        groups = self.optimizer.param_groups
        self._groups, self._served = groups, len(groups)
        held = [*(group["lr"] for group in groups), *self.base_lrs]
        self._only_floats = not (self._others.schedules or any(isinstance(lr, Tensor) for lr in held))

    @property
    def _last_lr(self) -> list[LR]:
        """The learning rates of the current step, by torch's name; floats are computed when they are asked for."""
        return self._lrs_at(self.last_epoch)[: self._served] if self._written is None else self._written

    @_last_lr.setter
    def _last_lr(self, learning_rates: list[LR]) -> None:
        self._written = learning_rates

    def __repr__(self) -> str:
        rates = ", ".join(f"{float(lr):.4g}" for lr in self._last_lr)
        return f"PiecewiseLR(step {self.last_epoch}, learning rates [{rates}]; {'; '.join(phase_words(self.schedule))})"

    def _repr_html_(self) -> str:
        rates = ", ".join(f"{float(lr):.4g}" for lr in self._last_lr)
        title = f"PiecewiseLR at step {self.last_epoch}, learning rate {rates}"
        return schedule_html(self.schedule, title, float(self.base_lrs[0]) if self.base_lrs else None)

    def state_dict(self) -> dict[str, Any]:
        """Returns the step, the learning rates and the schedule, in plain values that any loader can read."""
        self._serve_new_groups()
        return {
            "last_epoch": self.last_epoch,
            "base_lrs": [float(base_lr) for base_lr in self.base_lrs],
            "_last_lr": [float(lr) for lr in self._last_lr],
            "schedule": schedule_text(self.schedule),
            **written(*self._with_batch()),
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a saved state, and sets the learning rates at once.

        A state of another kind of torch scheduler is taken up at its step if its learning rate is the one that this
        schedule has there; otherwise it counts as a changed schedule.

        Raises:
            ConfigError: If the state was saved under another schedule or other base learning rates and
                `on_schedule_change` is `error`, with every difference and the jump; if there is nothing to keep under
                `keep`; if it has no step.
        """
        self._serve_new_groups()
        saved = SavedState.read(state_dict)
        now = [float(lr) for lr in self._lrs_at(saved.step)]
        base_lrs = [float(base_lr) for base_lr in self.base_lrs]
        others = other_changes(saved.others, *self._with_batch(), saved.step)
        lines = [*changes(saved, self.schedule, base_lrs, now, others_changed=bool(others)), *others]
        if lines:
            self._follow(saved, lines)
        self.move_to(saved.step)

    def _follow(self, saved: SavedState, lines: list[str]) -> None:
        match self._on_schedule_change:
            case "error":
                raise refusal(self._key, saved, lines)
            case "adopt":
                log.info("%s: adopting the new schedule: %s", self._key, "; ".join(lines))
            case "keep":
                schedule, base_lrs, others = saved.rebuilt_schedule(), saved.base_lrs, saved.others.rebuilt()
                if base_lrs is not None and len(base_lrs) != len(self.base_lrs):
                    raise refusal(self._key, saved, lines)
                log.info("%s: keeping the saved schedule; not taken: %s", self._key, "; ".join(lines))
                self.schedule = schedule
                self._keep(others, saved.others)
                if base_lrs is not None:
                    self.base_lrs = [_like(mine, lr) for mine, lr in zip(self.base_lrs, base_lrs, strict=True)]
            case policy:
                assert_never(policy)

    def _keep(self, schedules: dict[str, Schedule], saved: SavedOthers) -> None:
        """Goes on with the schedules of a saved state; what it does not schedule goes back to its base."""
        groups = self.optimizer.param_groups
        self._others.reset(groups)
        batch = schedules.pop(BATCH_SIZE, None)
        full_batch = next(iter(saved.bases.get(BATCH_SIZE, ())), None)
        self._batch = None if batch is None or full_batch is None else BatchSizes(batch, int(full_batch))
        bases = {name: list(values) for name, values in saved.bases.items() if name != BATCH_SIZE}
        self._others = Hyperparameters(schedules, bases)

    def _with_batch(self) -> tuple[dict[str, Schedule], dict[str, list[float | None]]]:
        """Returns what is scheduled beside the learning rate, the batch size included, and what it multiplies."""
        schedules, bases = dict(self._others.schedules), dict(self._others.bases)
        if self._batch is not None:
            schedules[BATCH_SIZE], bases[BATCH_SIZE] = self._batch.schedule, [self._batch.full_batch]
        return schedules, bases

    def move_to(self, step: int) -> None:
        """Sets the learning rates of `step`, under this schedule and these base learning rates."""
        self.last_epoch = step
        self._step_count = step + 1
        self._look_at_groups()
        for group, base_lr in zip(self.optimizer.param_groups, self.base_lrs, strict=True):
            group["initial_lr"] = copied(base_lr)
        self._write()
        self._others.write_bases(self.optimizer.param_groups)
        self._others.write(self.optimizer.param_groups, step)
        self._guard.moved()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name not in ("_guard", "_groups")} | {
            "_guard": self._guard.policy
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._guard = StepGuard(self, state["_guard"])
        self._guard.moved()  # a copy may be made in mid-run

    def _serve_new_groups(self) -> None:
        groups = self.optimizer.param_groups
        for index in range(len(self.base_lrs), len(groups)):
            base_lr = base_of_new_group(groups[index], groups[:index], self.base_lrs)
            groups[index].setdefault("initial_lr", copied(base_lr))
            self.base_lrs.append(base_lr)
        self._others.serve(groups)
        own_default(self.optimizer)


def _like(mine: LR, lr: float) -> LR:
    return mine.clone().fill_(lr) if isinstance(mine, Tensor) else lr

"""The schedule that a run follows: what it is built from, and what to do when it is not the checkpoint's."""

from __future__ import annotations

import logging
from typing import Any, assert_never

from pydantic import Field

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.base import Base
from d9d_lr.config.batch_sizes import build_batch_sizes
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.schedules import BATCH_SIZE, split_name
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.provider.resuming_others import SavedOthers, other_changes
from d9d_lr.schedule import values as portable
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.compare import differences
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.training.checkpoints import Checkpoint
from d9d_lr.training.fingerprint import digest, essential
from d9d_lr.training.scheduled import base_values
from d9d_lr.training.settings import Settings

log = logging.getLogger(__name__)


class SchedulePlan(Base):
    """Everything that decides the learning rate of every step, and whatever else is scheduled.

    Attributes:
        lr: The schedule, or a user-defined provider.
        total_steps: Steps of the run that it was made for.
        base_lr: The learning rate that it multiplies; None where the optimizer's own default is taken.
        schedules: What else is scheduled, by name.
        base_values: What those multiply, by hyperparameter, the batch size included, as far as the settings say.
    """

    lr: PiecewiseConfig | TargetConfig
    total_steps: int
    base_lr: float | None
    schedules: dict[str, PiecewiseConfig] = Field(default_factory=dict)
    base_values: dict[str, float] = Field(default_factory=dict)

    @property
    def full_batch(self) -> int | None:
        """Examples of a full batch, where the batch size is scheduled."""
        size = self.base_values.get(BATCH_SIZE)
        return None if size is None else int(size)

    def schedule(self) -> Schedule | None:
        """Returns the resolved schedule; None for a user-defined provider."""
        if not isinstance(self.lr, PiecewiseConfig):
            return None
        return build_schedule(self.lr, self.total_steps, batch=self._shares())

    def others(self) -> dict[str, Schedule]:
        """Returns what else is scheduled, resolved, by name; the batch size as a multiplier of a full one."""
        if not self.schedules:
            return {}
        batch, shares = self.batch_sizes(), self._shares()
        found = {
            name: build_schedule(config, self.total_steps, batch=shares)
            for name, config in self.schedules.items()
            if name != BATCH_SIZE
        }
        return found if batch is None else {**found, BATCH_SIZE: batch.schedule}

    def batch_sizes(self) -> BatchSizes | None:
        """Returns the batch size of every step; None where it is not scheduled."""
        config = self.schedules.get(BATCH_SIZE)
        if config is None or self.full_batch is None:
            return None
        return build_batch_sizes(config, self.total_steps, self.full_batch)

    def bases(self) -> dict[str, list[float | None]]:
        """Returns what the others multiply, as a scheduler's state has it."""
        return {name: [value] for name, value in self.base_values.items()}

    def fingerprint(self) -> str:
        """Returns a short hash of everything that is scheduled, and what it multiplies but for the learning rate."""
        others = {name: portable.fingerprint(one) for name, one in self.others().items()}
        own = self.lr_fingerprint()
        return digest([own, others, self.base_values]) if others else own

    def lr_fingerprint(self) -> str:
        """Returns a short hash of the multipliers: of the resolved schedule, or of what a provider is given."""
        schedule = self.schedule()
        if schedule is not None:
            return portable.fingerprint(schedule)
        return digest([essential(self.lr), self.total_steps])

    def _shares(self) -> BatchShares | None:
        batch = self.batch_sizes()
        return None if batch is None else batch.counted_with()


def planned(settings: Settings) -> SchedulePlan:
    """Returns the plan that the settings describe."""
    optimizer = settings.optimizer
    base_lr = optimizer.arguments.get("lr") if isinstance(optimizer, TargetConfig) else optimizer.lr
    bases = {**base_values(optimizer), BATCH_SIZE: float(settings.train.batch_size)}
    scheduled = {split_name(name)[1] for name in settings.schedules}
    return SchedulePlan(
        lr=settings.lr,
        total_steps=settings.train.total_steps,
        base_lr=base_lr,
        schedules=settings.schedules,
        base_values={name: value for name, value in bases.items() if name in scheduled},
    )


def plan_to_follow(settings: Settings, checkpoint: Checkpoint | None) -> SchedulePlan:
    """Returns the plan of the settings or that of the checkpoint, as `train.on_schedule_change` says.

    Raises:
        ConfigError: If they differ and the policy is `error`, with each difference and the jump in learning rate.
    """
    new = planned(settings)
    if checkpoint is None:
        return new
    changes = plan_changes(checkpoint, new)
    if not changes:
        return new
    match settings.train.on_schedule_change:
        case "error":
            title = f"the schedule is not the one that the checkpoint of step {checkpoint.step} was made under:"
            hint = "train.on_schedule_change=adopt takes the new one, =keep goes on with the old one"
            raise ConfigError([Problem("lr", "\n      ".join([title, *changes]), hint)])
        case "keep":
            log.info("keeping the checkpoint's schedule; not taken: %s", "; ".join(changes))
            return plan_of(checkpoint)
        case "adopt":
            log.info("adopting the new schedule: %s", "; ".join(changes))
            return new
        case policy:
            assert_never(policy)


def plan_of(checkpoint: Checkpoint) -> SchedulePlan:
    """Returns the plan that a checkpoint was made under."""
    return SchedulePlan.model_validate(checkpoint.plan)


def plan_changes(checkpoint: Checkpoint, new: SchedulePlan) -> list[str]:
    """Returns a line for everything in which a plan differs from a checkpoint's; none if it does not."""
    old = plan_of(checkpoint)
    lines = []
    if old.lr_fingerprint() != new.lr_fingerprint():
        lines += _schedule_changes(old, new)
    if old.base_lr != new.base_lr:
        lines.append(f"base learning rate: {_base(old)} -> {_base(new)}")
    if lines:
        lines.append(_jump(checkpoint, new))
    plain = {name: portable.to_plain(schedule) for name, schedule in old.others().items()}
    return lines + other_changes(SavedOthers(plain, old.bases()), new.others(), new.bases(), checkpoint.step)


def _schedule_changes(old: SchedulePlan, new: SchedulePlan) -> list[str]:
    before, after = old.schedule(), new.schedule()
    if before is not None and after is not None:
        return differences(portable.to_plain(before), portable.to_plain(after))
    return [f"{_provider(old)} -> {_provider(new)}"]


def _jump(checkpoint: Checkpoint, new: SchedulePlan) -> str:
    group: dict[str, Any] = checkpoint.optimizer["param_groups"][0]
    was, schedule = float(group["lr"]), new.schedule()
    if schedule is None:
        return f"at step {checkpoint.step} the learning rate was {was:.6g}; a provider of your own decides what follows"
    base_lr = float(group["initial_lr"]) if new.base_lr is None else new.base_lr
    now = base_lr * schedule.multiplier(checkpoint.step)
    return f"at step {checkpoint.step} the learning rate goes from {was:.6g} to {now:.6g}"


def _provider(plan: SchedulePlan) -> str:
    match plan.lr:
        case PiecewiseConfig():
            return "a piecewise schedule"
        case TargetConfig(target=target, arguments=arguments):
            given = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
            return f"{target}({given}) over {plan.total_steps} steps"
        case _:
            assert_never(plan.lr)


def _base(plan: SchedulePlan) -> str:
    return "the optimizer's default" if plan.base_lr is None else str(plan.base_lr)

"""What to do when the schedules of a run are not those of its checkpoint: refuse, keep or adopt."""

from __future__ import annotations

import logging
from typing import Any, assert_never

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.schedules import split_name
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.provider.resuming_others import SavedOthers, other_changes
from d9d_lr.schedule import values as portable
from d9d_lr.schedule.values import differences
from d9d_lr.training.checkpoints import Checkpoint
from d9d_lr.training.plan import SchedulePlan, planned
from d9d_lr.training.settings import Settings

log = logging.getLogger(__name__)


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
    lines += _group_changes(old, new)
    plain = {name: portable.to_plain(schedule) for name, schedule in old.others().items()}
    return lines + other_changes(SavedOthers(plain, old.bases()), new.others(), new.bases(), checkpoint.step)


def _group_changes(old: SchedulePlan, new: SchedulePlan) -> list[str]:
    """Returns a line for each base that a param group has to itself, where its schedule does not tell it."""
    names = sorted({*old.base_values, *new.base_values} - {*old.schedules, *new.schedules})
    pairs = [(name, old.base_values.get(name), new.base_values.get(name)) for name in names if split_name(name)[0]]
    return [f"{name}: base value: {was} -> {now}" for name, was, now in pairs if was != now]


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

"""Going on from a checkpoint: finding it, refusing one of other work, putting the parts where it says."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from d9d_lr.config.scheduler_fields import BATCH_SIZE
from d9d_lr.config.schedules import split_name
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.provider.hyperparameters import Hyperparameter
from d9d_lr.provider.protocols import LRSchedulerProtocol
from d9d_lr.provider.torch_scheduler import PiecewiseLR
from d9d_lr.runs.canonical import canonical
from d9d_lr.training.checkpoints import Checkpoint, checkpoint_at, newest_checkpoint
from d9d_lr.training.fingerprint import defaults, storable
from d9d_lr.training.loop import Run
from d9d_lr.training.plan import SchedulePlan
from d9d_lr.training.schedule_plan import plan_of
from d9d_lr.training.settings import NOT_IN_FINGERPRINT, Settings

log = logging.getLogger(__name__)

_MAY_DIFFER = {*NOT_IN_FINGERPRINT, "replaced"}
"""What changes nothing about what a run computes."""

_OVER = "start over with train.resume=never, or take another run folder"


def find_checkpoint(settings: Settings, folder: Path) -> Checkpoint | None:
    """Returns what a run in `folder` goes on from, by `train.resume`; None to start at step 0. Changes nothing.

    A run that began from another folder's checkpoint and was stopped goes on from its own newest one.

    Raises:
        ConfigError: If there is no such checkpoint, or it is of another task, optimizer or a longer run.
        RunError: If there are checkpoints and none can be read.
    """
    resume = settings.train.resume
    if resume == "never":
        return None
    checkpoint = newest_checkpoint(folder, goes_on=True)
    if checkpoint is None and resume != "auto":
        there = checkpoint_at(resume)
        checkpoint = replace(there, began=there.step)
    if checkpoint is not None:
        _check_same_work(checkpoint, settings)
    return checkpoint


def log_changes(checkpoint: Checkpoint, settings: Settings) -> None:
    """Says which settings, other than the schedule, are not those of the checkpoint."""
    for section in ("optimizer", "train"):
        for key, was, now in _changes(checkpoint, settings, section):
            log.info("going on with another %s.%s: %s -> %s", section, key, was, now)


def restore(run: Run, checkpoint: Checkpoint) -> None:
    """Loads the state of all parts.

    Settings of the optimizer that are not the checkpoint's win over it; so does the plan, where it is one to adopt.

    Args:
        run: The run, its parts fresh.
        checkpoint: What to go on from.

    Raises:
        ConfigError: If the base learning rates are others than the plan says.
        RunError: If the checkpoint does not fit the model.
    """
    old, plan, optimizer = plan_of(checkpoint), run.plan, run.optimizer
    adopting = (plan.fingerprint(), plan.base_lr) != (old.fingerprint(), old.base_lr)
    fresh_groups = [dict(group) for group in optimizer.param_groups]
    try:
        run.model.load_state_dict(checkpoint.model)
        optimizer.load_state_dict(checkpoint.optimizer)
    except (RuntimeError, ValueError) as error:
        raise RunError(f"the checkpoint of step {checkpoint.step} does not fit the model: {error}") from error
    changed = {key for key, _, _ in _optimizer_changes(checkpoint, run.assignment.settings)} - {"lr"}
    changed |= {"weight_decay"} if "groups" in changed else set()  # a group may have one to itself
    taken = changed | (_scheduled_keys(old, plan) if adopting else set())
    for group, fresh in zip(optimizer.param_groups, fresh_groups, strict=True):
        for key in taken:
            if key in fresh:
                group[key] = fresh[key]
            elif adopting:
                group.pop(key, None)  # the base of what is scheduled no more
    if adopting:
        _move_to(run.scheduler, checkpoint.step)
    else:
        run.scheduler.load_state_dict(checkpoint.scheduler)
    run.step, run.seconds, run.saved_step = checkpoint.step, checkpoint.seconds, checkpoint.step


def _scheduled_keys(*plans: SchedulePlan) -> set[str]:
    """Returns the keys of a param group that plans schedule, with those of the bases."""
    names = {split_name(name)[1] for plan in plans for name in plan.schedules}
    hyperparameters = [Hyperparameter(name) for name in {"lr", *names} - {BATCH_SIZE}]
    return {key for one in hyperparameters for key in (one.key, one.base_key)}


def _move_to(scheduler: LRSchedulerProtocol, step: int) -> None:
    if isinstance(scheduler, PiecewiseLR):
        scheduler.move_to(step)
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch expects optimizer.step() in between
        for _ in range(step):
            scheduler.step()


def _check_same_work(checkpoint: Checkpoint, settings: Settings) -> None:
    made = f"the checkpoint of step {checkpoint.step} was made with"
    problems = [
        Problem(f"task.{key}", f"{made} {was!r}, now it is {now!r}", _OVER)
        for key, was, now in _changes(checkpoint, settings, "task")
    ]
    problems += [
        Problem("optimizer", f"{made} {was}, now it is {now}", _OVER)
        for key, was, now in _changes(checkpoint, settings, "optimizer")
        if key in ("name", "target") and (was, now) != (None, None)
    ]
    if checkpoint.step > settings.train.last_step:
        message = f"{settings.train.last_step} is below {checkpoint.step}, the step of the checkpoint"
        ends = "total_steps" if settings.train.stop_after is None else "stop_after"
        problems.append(Problem(f"train.{ends}", message, _OVER))
    if problems:
        raise ConfigError(problems)


def _optimizer_changes(checkpoint: Checkpoint, settings: Settings) -> list[tuple[str, Any, Any]]:
    """Returns the changed settings of the optimizer as it calls them: the arguments of a `_target_` by their names."""
    changes = []
    for key, was, now in _changes(checkpoint, settings, "optimizer"):
        if key == "arguments":
            changes += _different(was or {}, now or {})
        else:
            changes.append((key, was, now))
    return changes


def _changes(checkpoint: Checkpoint, settings: Settings, section: str) -> list[tuple[str, Any, Any]]:
    """Returns what differs in a section; what the checkpoint does not have had its default."""
    part = getattr(settings, section)
    absent = storable(defaults(type(part)))
    return _different({**absent, **checkpoint.settings[section]}, storable(part))


def _different(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    keys = sorted((old.keys() | new.keys()) - _MAY_DIFFER)
    return [(key, old.get(key), new.get(key)) for key in keys if canonical(old.get(key)) != canonical(new.get(key))]

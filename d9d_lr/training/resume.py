"""Going on from a checkpoint: the model, the optimizer, and a schedule that may have changed in between."""

from __future__ import annotations

import hashlib
import json
import logging
import warnings
from pathlib import Path
from typing import Any, Literal, assert_never

from torch import nn
from torch.optim import Optimizer

from d9d_lr.config.settings import HOW_NOT_WHAT, Settings
from d9d_lr.problems import ConfigError, Problem, RunError
from d9d_lr.provider.protocols import LRSchedulerProtocol
from d9d_lr.provider.torch_scheduler import PiecewiseLR
from d9d_lr.schedule.compare import differences
from d9d_lr.schedule.portable import fingerprint, from_plain, to_plain
from d9d_lr.training.checkpoints import Checkpoint, checkpoint_at, newest_checkpoint

log = logging.getLogger(__name__)

Policy = Literal["error", "keep", "adopt"]


def find_checkpoint(resume: str, folder: Path) -> Checkpoint | None:
    """Returns what a run in `folder` goes on from, by `train.resume`; None to start at step 0. Changes nothing.

    A run that began from another folder's checkpoint and was stopped goes on from its own newest one.
    """
    if resume == "never":
        return None
    own = newest_checkpoint(folder)
    return own if own or resume == "auto" else checkpoint_at(resume)


def schedule_fingerprint(scheduler: LRSchedulerProtocol, settings: Settings) -> str:
    """Returns a hash of the schedule in force: the resolved one, or the settings of the person's own provider."""
    if isinstance(scheduler, PiecewiseLR):
        return fingerprint(scheduler.schedule)
    return hashlib.sha256(json.dumps(settings.lr.model_dump(mode="json"), sort_keys=True).encode()).hexdigest()[:16]


def check_same_work(checkpoint: Checkpoint, settings: Settings) -> None:
    """Compares the settings of a checkpoint with those of the run that goes on from it.

    Raises:
        ConfigError: If the model or the optimizer is another one.
    """
    old, new = checkpoint.settings, settings.model_dump(mode="json")
    problems = [
        Problem(
            f"task.{key}", f"the checkpoint of step {checkpoint.step} was made with {was!r}, now it is {now!r}", _OVER
        )
        for key, was, now in _changes(old["task"], new["task"])
    ]
    for key in ("name", "target"):
        was, now = old["optimizer"].get(key), new["optimizer"].get(key)
        if was != now:
            problems.append(Problem("optimizer", f"the checkpoint was made with {was}, now it is {now}", _OVER))
    if problems:
        raise ConfigError(problems)


def log_changes(checkpoint: Checkpoint, settings: Settings) -> None:
    """Says which settings, other than the schedule, are not those of the checkpoint."""
    old, new = checkpoint.settings, settings.model_dump(mode="json")
    for section in ("optimizer", "train"):
        for key, was, now in _changes(old[section], new[section]):
            log.info("going on with another %s.%s: %s -> %s", section, key, was, now)


def restore(checkpoint: Checkpoint, model: nn.Module, optimizer: Optimizer) -> None:
    """Loads model and optimizer; what the optimizer's settings say now wins over what they said then.

    Raises:
        RunError: If the checkpoint does not fit the model.
    """
    settings_now = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    try:
        model.load_state_dict(checkpoint.model)
        optimizer.load_state_dict(checkpoint.optimizer)
    except (RuntimeError, ValueError) as error:
        raise RunError(f"the checkpoint of step {checkpoint.step} does not fit the model: {error}") from error
    for group, now in zip(optimizer.param_groups, settings_now, strict=True):
        group.update(now)


def restore_scheduler(
    checkpoint: Checkpoint, scheduler: LRSchedulerProtocol, optimizer: Optimizer, settings: Settings
) -> LRSchedulerProtocol:
    """Puts the scheduler at the checkpoint's step, under the schedule that `train.on_schedule_change` chooses.

    Args:
        checkpoint: Where the run goes on from.
        scheduler: The scheduler of the settings, fresh.
        optimizer: The optimizer, already restored.
        settings: The settings.

    Returns:
        The scheduler in force: the given one, or under `keep` one of the old schedule.

    Raises:
        ConfigError: If the schedule changed and the policy is `error`, or cannot be followed.
    """
    if isinstance(scheduler, PiecewiseLR) and "schedule" in checkpoint.scheduler:
        return _restore_piecewise(checkpoint, scheduler, optimizer, settings.train.on_schedule_change)
    return _restore_own(checkpoint, scheduler, settings)


def _restore_piecewise(
    checkpoint: Checkpoint, scheduler: PiecewiseLR, optimizer: Optimizer, policy: Policy
) -> PiecewiseLR:
    changes = schedule_changes(checkpoint, scheduler)
    if not changes:
        scheduler.load_state_dict(checkpoint.scheduler)
        return scheduler
    match policy:
        case "error":
            message = f"the schedule is not that of the checkpoint: {'; '.join(changes)}"
            hint = "train.on_schedule_change=adopt takes the new one, =keep goes on with the old one"
            raise ConfigError([Problem("lr", message, hint)])
        case "keep":
            log.info("keeping the checkpoint's schedule; not taken: %s", "; ".join(changes))
            for group, base_lr in zip(optimizer.param_groups, checkpoint.scheduler["base_lrs"], strict=True):
                group["lr"] = group["initial_lr"] = base_lr
            scheduler = PiecewiseLR(optimizer, from_plain(checkpoint.scheduler["schedule"]))
        case "adopt":
            log.info("adopting the new schedule: %s", "; ".join(changes))
        case _:
            assert_never(policy)
    scheduler.move_to(checkpoint.step)
    return scheduler


def schedule_changes(checkpoint: Checkpoint, scheduler: PiecewiseLR) -> list[str]:
    """Returns in what a scheduler differs from the checkpoint's, the learning rates at its step included."""
    old, new = checkpoint.scheduler, scheduler.state_dict()
    changes = differences(old["schedule"], to_plain(scheduler.schedule))
    if old["base_lrs"] != new["base_lrs"]:
        changes.append(f"base learning rates {old['base_lrs']} -> {new['base_lrs']}")
    if changes:
        was = old["base_lrs"][0] * from_plain(old["schedule"]).multiplier(checkpoint.step)
        now = new["base_lrs"][0] * scheduler.schedule.multiplier(checkpoint.step)
        changes.append(f"at step {checkpoint.step} the learning rate goes from {was:.6g} to {now:.6g}")
    return changes


def _restore_own(checkpoint: Checkpoint, scheduler: LRSchedulerProtocol, settings: Settings) -> LRSchedulerProtocol:
    same = checkpoint.schedule_fingerprint == schedule_fingerprint(scheduler, settings)
    match settings.train.on_schedule_change:
        case _ if same:
            scheduler.load_state_dict(checkpoint.scheduler)
        case "adopt":
            log.info("adopting the new schedule by stepping it to step %d", checkpoint.step)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # torch expects optimizer.step() in between
                for _ in range(checkpoint.step):
                    scheduler.step()
        case "error" | "keep" as policy:
            message = f"the schedule is not that of the checkpoint, and on_schedule_change is {policy}"
            hint = "only adopt can change from or to a provider of your own"
            raise ConfigError([Problem("lr", message, hint)])
        case policy:
            assert_never(policy)
    return scheduler


_OVER = "start over with train.resume=never, or take another run folder"


def _changes(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[str, Any, Any]]:
    keys = sorted((old.keys() | new.keys()) - set(HOW_NOT_WHAT))
    return [(key, old.get(key), new.get(key)) for key in keys if old.get(key) != new.get(key)]

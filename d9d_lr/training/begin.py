"""Beginning a run from the checkpoint of another one that did the same up to there, to the last bit."""

from __future__ import annotations

import logging
from pathlib import Path

import torch

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.provider.context import DistributedContext
from d9d_lr.runs.folders import RunFolder, run_folder_of
from d9d_lr.runs.metrics import check_lines
from d9d_lr.training.assignment import Assignment
from d9d_lr.training.checkpoints import Checkpoint, load_checkpoint
from d9d_lr.training.course import history_fingerprint
from d9d_lr.training.loop import Past, Run
from d9d_lr.training.plan import SchedulePlan
from d9d_lr.training.settings import Settings, TrainConfig

log = logging.getLogger(__name__)


def checkpoint_to_begin_from(
    assignment: Assignment, plan: SchedulePlan, context: DistributedContext
) -> Checkpoint | None:
    """Returns another run's checkpoint if this run would be in that state at that step; None to start at step 0."""
    path = assignment.portion.begin
    if path is None:
        return None
    try:
        checkpoint = _agreeing(path, assignment.settings, plan, context)
        for each in _taken_over(path, checkpoint.step, assignment.config):
            _agreeing(each, assignment.settings, plan, context)
    except RunError as error:
        log.warning("%s; starting at step 0", error)
        return None
    log.info("going on from step %d of %s, which agrees up to there", checkpoint.step, run_folder_of(path))
    return checkpoint


def _taken_over(path: Path, step: int, config: TrainConfig) -> tuple[Path, ...]:
    """Returns the checkpoints on the way that a run which begins from another one would have left itself until then."""
    files = RunFolder(run_folder_of(path))
    held = [each for each in config.on_the_way.held_at(step) if each < config.last_step]
    return tuple(path if each == step else files.checkpoint_after(each) for each in held)


def _agreeing(path: Path, settings: Settings, plan: SchedulePlan, context: DistributedContext) -> Checkpoint:
    """Returns the checkpoint at a path, of a state in which this run would be too.

    Raises:
        RunError: If it cannot be read, or is of another state.
    """
    checkpoint = load_checkpoint(path)
    check_lines(checkpoint.step, run_folder_of(path), checkpoint.metrics_lines)
    own = history_fingerprint(settings, plan, checkpoint.step, _environment_of(context))
    if checkpoint.step > plan.total_steps or not own or checkpoint.history != own:
        raise RunError(f"{path} does not agree with this run to the last bit")
    return checkpoint


def past_of(run: Run, start: Checkpoint, begun: Path | None) -> Past:
    """Returns how a run came to the checkpoint that it starts from.

    Args:
        run: The run, at the checkpoint's step.
        start: The checkpoint.
        begun: Where it lies, if it is another run's that agrees with this one.
    """
    if begun is not None:
        return Past(start.step, run_folder_of(begun), _taken_over(begun, start.step, run.config))
    return Past(start.began, known=bool(start.history) and start.history == history_of(run))


def history_of(run: Run) -> str:
    """Returns the hash of all that a run did up to its step, if it did it as its settings say."""
    return history_fingerprint(run.assignment.settings, run.plan, run.step, _environment_of(run.context))


def _environment_of(context: DistributedContext) -> list[object]:
    """Returns what else decides the last bit of a run: torch, the device, threads and processes."""
    device = context.device.type
    name = torch.cuda.get_device_name(context.device) if device == "cuda" else device
    return [torch.__version__, name, torch.get_num_threads(), context.world_size]

"""One training run, from validated settings to what it leaves in its folder."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.runs.errors import first_lines, write_error
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.locks import held
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.results import OBJECTIVE, RunResult
from d9d_lr.sweeping.portion import WHOLE, Portion
from d9d_lr.sweeping.pruning import Judge
from d9d_lr.tracking.open import open_tracker
from d9d_lr.tracking.protocol import Tracker
from d9d_lr.tracking.settings import NoTrackerConfig
from d9d_lr.training.assignment import Assignment
from d9d_lr.training.display import show_summary
from d9d_lr.training.interrupts import watched_interrupts
from d9d_lr.training.loop import Observer, Run, train
from d9d_lr.training.parts import prepare, prepare_together
from d9d_lr.training.processes import (
    announce,
    is_lost_process,
    launched_with_others,
    lose_touch,
    rank,
    stay_to_report,
)
from d9d_lr.training.recording import record_end, record_failure, recording
from d9d_lr.training.settings import Settings

log = logging.getLogger(__name__)


def run_training(
    settings: Settings, folder: Path, overrides: list[str], summary: bool = True, portion: Portion = WHOLE
) -> float:
    """Trains in a run folder, going on from what is there if `train.resume` says so.

    Args:
        settings: The validated settings.
        folder: The run folder; it exists.
        overrides: What was typed, for `result.json`.
        summary: Whether to print a screen at the end.
        portion: What of the run is done here.

    Returns:
        The objective: the final validation loss; of a portion that ends before the run, the last one before.

    Raises:
        ConfigError: If the settings cannot be followed here: no such device, a damaged text file, a changed schedule.
        RunError: If something outside the configuration stops the run.
        KeyboardInterrupt: If it was interrupted, after saving.
    """
    assignment = Assignment(settings, folder, tuple(overrides), portion)
    with held(folder):
        if launched_with_others():
            announce(assignment)
        result = _train_and_record(assignment)
    if result.status == "interrupted":
        log.warning("interrupted after step %d of %d; saved in %s", result.steps, result.last_step, folder)
        raise KeyboardInterrupt
    if result.status == "pruned":
        log.info("%s; %d of %d steps are done, and saved", result.error, result.steps, result.last_step)
        return result.final[OBJECTIVE]
    if summary:
        rows = [row for row in read_metrics(folder) if OBJECTIVE in row]
        show_summary(settings, result, rows[0], folder)
    assert result.objective is not None
    return result.objective


def serve_training(assignment: Assignment) -> None:
    """Trains as one of the ranks above 0, which write nothing.

    Raises:
        RunError: If the first process is gone.
    """
    try:
        run = prepare_together(assignment)
        with watched_interrupts() as interrupts:
            train(run, interrupts, Observer())
    except (ConfigError, RunError):
        return  # rank 0 meets the same error, and reports it
    except Exception as error:
        if is_lost_process(error):
            raise RunError("another process of this run ended") from error
        write_error(assignment.folder, error, rank())  # before the others find this process gone
        raise


def _train_and_record(assignment: Assignment) -> RunResult:
    run: Run | None = None
    settings, folder, portion = assignment.settings, assignment.folder, assignment.portion
    tracker = open_tracker(NoTrackerConfig() if portion.saves else settings.tracker, folder, settings)
    try:
        run = (prepare_together if launched_with_others() else prepare)(assignment)
        verdict = _train(run, tracker, Judge.of(portion.rungs, folder))
        result = record_end(run, verdict)
        tracker.finish(result)
        return result
    except Exception as raised:
        stay_to_report()
        error = _explained(raised, run, folder)
        if error is not raised:
            error.__cause__ = raised
        failure = record_failure(assignment, run, error)
        if failure:
            log.info("what ended it is in %s", RunFolder(folder).error)
            tracker.finish(failure)
        raise error  # noqa: B904  # its cause is set


def _train(run: Run, tracker: Tracker, judge: Judge | None) -> str | None:
    with watched_interrupts() as interrupts, recording(run, tracker, judge) as recorder:
        try:
            train(run, interrupts, recorder)
        except RunError:
            raise
        except Exception as error:
            lose_touch()
            if is_lost_process(error) and run.is_between_steps:
                recorder.save()
            raise
        if run.step < run.stop:
            recorder.save()
        elif not run.saves:
            recorder.save_end()
    return recorder.verdict


def _explained(error: Exception, run: Run | None, folder: Path) -> Exception:
    """Returns an error that the environment caused in words that help; others are returned as they are."""
    if isinstance(error, OSError):
        reason = f"{error.strerror or error}: {error.filename or folder}"
    elif is_lost_process(error):
        words = [f"process {each} failed: {text}" for each, text in first_lines(folder).items()]
        reason = "; ".join(words) or f"another process of this run ended ({str(error).splitlines()[0][:100]})"
    else:
        return error
    if not os.path.isdir(folder):  # noqa: PTH112  # Path.is_dir raises where the folder above may not be read
        return RunError(f"the run folder {folder} is gone; {reason}")
    saved = run.saved_step if run else None
    onward = "nothing was saved yet" if saved is None else f"saved is step {saved}, where the same run goes on"
    return RunError(f"{reason}; {onward}")

"""Runs of `d9d_lr.train` from their folders, or from those below a sweep's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.loss_curve import LossCurve, every_step
from d9d_lr.runs.folders import RunFolder, run_folders_below
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.reading import read_small
from d9d_lr.runs.results import RunResult, read_result
from d9d_lr.schedule.piecewise import Schedule

_AGREE = 1e-6  # relative: what a logged learning rate may differ from the schedule by


def run_folders(folder: Path) -> list[Path]:
    """Returns the run folders at and below a folder, in order."""
    return list(run_folders_below(folder))


def read_folder_run(folder: Path, name: str) -> LossCurve:
    """Reads a completed run.

    Raises:
        ConfigError: If it did not complete, logged no loss, or diverged, or its batch size was scheduled.
        RunError: If a file is damaged.
    """
    result = read_result(folder)
    if result is None or result.status != "completed":
        state = "has not ended" if result is None else f"is {result.status} after {result.steps} steps"
        raise ConfigError([Problem(str(folder), f"this run {state}; a law is fitted on completed runs")])
    rows = [row for row in read_metrics(folder) if "train_loss" in row]
    bad = next((row for row in rows if not 0 < row["train_loss"] < math.inf), None)
    if bad is not None:
        message = f"the training loss of step {bad['step']:g} is {bad['train_loss']}; it must be finite and above 0"
        raise ConfigError([Problem(str(folder), message, "a run that diverged cannot be fitted")])
    if not rows:
        raise ConfigError([Problem(str(folder), "this run logged no training loss")])
    if any("batch_size" in row for row in rows):
        message = "the batch size changes in this run, and a law knows the learning rate only"
        raise ConfigError([Problem(str(folder), message)])
    steps = np.array([int(row["step"]) for row in rows], dtype=np.int64)
    return LossCurve(
        name=name,
        learning_rates=_learning_rates(folder, result, steps, np.array([row["lr"] for row in rows])),
        steps=steps,
        losses=np.array([row["train_loss"] for row in rows]),
        final_validation=result.objective,
    )


def _learning_rates(folder: Path, result: RunResult, steps: NDArray[np.int64], logged: FloatArray) -> FloatArray:
    """Returns the rate of every step: the saved schedule's, or what was logged where that is something else."""
    schedule = saved_schedule(folder, result.total_steps)
    base = base_lr_of(schedule, steps, logged) if schedule is not None else None
    if schedule is not None and base is not None:
        rates = base * schedule.multipliers(np.arange(result.last_step))
        if np.allclose(rates[steps], logged, rtol=_AGREE, atol=0):
            return rates
    return every_step(steps, logged, result.last_step)


def saved_schedule(folder: Path, total_steps: int | None) -> Schedule | None:
    """Returns the schedule that a run saved; None if it has none of ours, or it cannot be read."""
    if total_steps is None:
        return None
    try:
        config = PiecewiseConfig.model_validate_json(read_small(RunFolder(folder).schedule))
        return build_schedule(config, total_steps)
    except (OSError, ValueError, ConfigError, RunError):
        return None


def base_lr_of(schedule: Schedule, steps: NDArray[np.int64], logged: FloatArray) -> float | None:
    """Returns what a schedule multiplies, from the largest of the logged rates; None where it is zero throughout."""
    multipliers = schedule.multipliers(steps)
    largest = int(np.argmax(np.abs(multipliers)))
    return float(logged[largest] / multipliers[largest]) if multipliers[largest] else None

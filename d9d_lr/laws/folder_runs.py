"""Runs of `d9d_lr.train` from their folders, or from those below a sweep's."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.logged_rates import every_step
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.laws.saved_schedule import saved_schedule
from d9d_lr.runs.folders import run_folders_below
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.results import RunResult, read_result

_AGREE = 1e-6  # relative: what a logged learning rate may differ from the schedule by


def run_folders(folder: Path) -> list[Path]:
    """Returns the run folders at and below a folder, in order."""
    return list(run_folders_below(folder))


def read_folder_run(folder: Path, name: str) -> LossCurve:
    """Reads a completed run.

    Args:
        folder: The run folder.
        name: What to call the run.

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


def _learning_rates(folder: Path, result: RunResult, steps: np.ndarray, logged: FloatArray) -> FloatArray:
    """Returns the rate of every step: the saved schedule's, or what was logged where that is something else."""
    schedule = saved_schedule(folder, result.total_steps)
    if schedule is not None:
        multipliers = schedule.multipliers(np.arange(result.last_step))
        largest = int(np.argmax(multipliers[steps]))
        base = logged[largest] / multipliers[steps[largest]] if multipliers[steps[largest]] > 0 else 0.0
        if np.allclose(base * multipliers[steps], logged, rtol=_AGREE, atol=0):
            return base * multipliers
    return every_step(steps, logged, result.last_step)

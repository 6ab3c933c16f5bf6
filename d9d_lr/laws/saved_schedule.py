"""The schedule that a run saved in its folder."""

from __future__ import annotations

from pathlib import Path

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import read_small
from d9d_lr.schedule.piecewise import Schedule


def saved_schedule(folder: Path, total_steps: int | None) -> Schedule | None:
    """Returns the schedule that a run saved; None if it has none of ours, or it cannot be read."""
    if total_steps is None:
        return None
    try:
        config = PiecewiseConfig.model_validate_json(read_small(RunFolder(folder).schedule))
        return build_schedule(config, total_steps)
    except (OSError, ValueError, ConfigError, RunError):
        return None

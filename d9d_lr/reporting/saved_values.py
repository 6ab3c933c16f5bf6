"""What a run scheduled, by step: as its saved schedules give it, not as it was logged."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.laws.folder_runs import base_lr_of, saved_schedule
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.run_views import RunView
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import read_small
from d9d_lr.schedule.piecewise import Schedule

_POINTS = 160
_DIGITS = 12


def exact_lr(run: RunView, points: int = _POINTS) -> Curve:
    """Returns the learning rate by step, from `schedule.json`; what was logged where there is no schedule of ours.

    Args:
        run: The run; the base learning rate is from its log.
        points: How many evenly spread steps there may be, beside the corners of the schedule.
    """
    schedule = saved_schedule(run.folder, run.total_steps)
    logged = run.curves.lr
    if schedule is None or run.last_step is None or not logged[0]:
        return logged
    base = base_lr_of(schedule, np.array(logged[0], dtype=np.int64), np.array(logged[1]))
    return logged if base is None else _drawn(schedule, float(f"{base:.{_DIGITS}g}"), run.last_step, points)


def exact_others(run: RunView, points: int = _POINTS) -> dict[str, Curve]:
    """Returns every other scheduled value likewise, from `schedules.json`; nothing where that cannot be read."""
    if run.total_steps is None:
        return {}
    try:
        written = json.loads(read_small(RunFolder(run.folder).schedules))
        return {str(name): _curve(one, run.total_steps, points) for name, one in dict(written).items()}
    except (OSError, ValueError, KeyError, TypeError, ConfigError, RunError, RecursionError):
        return {}


def _curve(written: Mapping[str, Any], total_steps: int, points: int) -> Curve:
    """Draws a multiplier where nobody knows what it multiplies."""
    schedule = build_schedule(PiecewiseConfig.model_validate(written["schedule"]), total_steps)
    base = 1.0 if written["base_value"] is None else float(written["base_value"])
    return _drawn(schedule, base, total_steps, points)


def _drawn(schedule: Schedule, base: float, last_step: int, points: int) -> Curve:
    steps = steps_to_draw(schedule, last_step, points)
    return tuple(steps.tolist()), tuple((base * schedule.multipliers(steps)).tolist())

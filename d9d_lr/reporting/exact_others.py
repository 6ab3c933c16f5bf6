"""What a run schedules beside the learning rate, by step, as its saved schedules give it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.run_views import RunView
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import read_small

_POINTS = 160


def exact_others(run: RunView, points: int = _POINTS) -> dict[str, Curve]:
    """Returns the value of each hyperparameter by step, from `schedules.json`; nothing where that cannot be read.

    Args:
        run: The run.
        points: How many evenly spread steps there may be, beside the corners of a schedule.
    """
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
    steps = steps_to_draw(schedule, total_steps, points)
    return tuple(steps.tolist()), tuple((base * schedule.multipliers(steps)).tolist())

"""The learning rate of a run as its saved schedule gives it, not as it was logged."""

from __future__ import annotations

import numpy as np

from d9d_lr.laws.saved_schedule import saved_schedule
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.run_views import RunView

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
    at_logged = schedule.multipliers(np.array(logged[0], dtype=np.int64))
    largest = int(np.argmax(np.abs(at_logged)))
    if at_logged[largest] == 0:
        return logged
    base = float(f"{logged[1][largest] / at_logged[largest]:.{_DIGITS}g}")
    steps = steps_to_draw(schedule, run.last_step, points)
    return tuple(steps.tolist()), tuple((base * schedule.multipliers(steps)).tolist())

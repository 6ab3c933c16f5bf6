"""Which steps of a schedule to draw: all of a short one, a few thousand of a long one, and always its corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from d9d_lr.schedule.piecewise import Schedule, boundaries

MAX_POINTS = 2_000
"""More than the pixels across a figure; a picture does not change beyond it."""


def steps_to_draw(
    schedule: Schedule, last_step: int, max_points: int = MAX_POINTS, *, first_step: int = 0, log: bool = False
) -> NDArray[np.int64]:
    """Returns steps in order, from `first_step` to `last_step`.

    The step before, at and after each phase boundary is always among them, so that a jump stays upright and a phase of
    a few steps is not lost among a million. What is drawn is the schedule's own value at each of these steps.

    Args:
        schedule: The schedule.
        last_step: The last step to draw.
        max_points: How many evenly spread steps there may be, beside the corners.
        first_step: The first step to draw.
        log: Whether they are spread evenly over a logarithmic axis.
    """
    if last_step <= first_step:
        return np.array([min(first_step, last_step)], dtype=np.int64)
    count = min(last_step - first_step + 1, max_points)
    spread = np.linspace(first_step, last_step, count).astype(np.int64)
    if log:
        low = max(1, first_step)
        spread = np.unique(np.concatenate([[first_step], np.geomspace(low, last_step, count).round()])).astype(np.int64)
    corners = np.array([step + offset for step in boundaries(schedule.phases) for offset in (-1, 0, 1)])
    inside = (corners >= first_step) & (corners <= last_step)
    return np.unique(np.concatenate([spread, corners[inside]]))

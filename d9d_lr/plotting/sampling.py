"""Which steps of a schedule to draw: all of a short one, a few thousand of a long one, and always its corners."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from d9d_lr.schedule.piecewise import Schedule, boundaries

MAX_POINTS = 2_000
"""More than the pixels across a figure; a picture does not change beyond it."""


def steps_to_draw(schedule: Schedule, last_step: int, max_points: int = MAX_POINTS) -> NDArray[np.int64]:
    """Returns steps in order, from 0 to `last_step`.

    The step before, at and after each phase boundary is always among them, so that a jump stays upright and a phase of
    a few steps is not lost among a million. What is drawn is the schedule's own value at each of these steps.

    Args:
        schedule: The schedule.
        last_step: The last step to draw.
        max_points: How many evenly spread steps there may be, beside the corners.
    """
    spread = np.linspace(0, last_step, min(last_step + 1, max_points)).astype(np.int64)
    corners = np.array([step + offset for step in boundaries(schedule.phases) for offset in (-1, 0, 1)])
    return np.unique(np.concatenate([spread, corners[(corners >= 0) & (corners <= last_step)]]))

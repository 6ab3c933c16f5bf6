"""Which part of a schedule is drawn, on which axes, and at which steps: `--zoom A:B`, `--log-x`, `--log-y`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.curve_base import FloatArray
from d9d_lr.schedule.piecewise import Schedule, boundaries

MAX_POINTS = 2_000
"""Of a long schedule: more than the pixels across a figure; a picture does not change beyond it."""

_DECADES = 6  # of a logarithmic height, below its top: a schedule ends at 0 more often than not


@dataclass(frozen=True)
class Window:
    """What is in sight.

    Attributes:
        first_step: The first step to draw.
        last_step: The last one; None for the end of the run.
        log_x: Whether steps stand on a logarithmic axis; step 0 is then drawn at 1.
        log_y: Whether values do; what is 0 or below, or a millionth of the highest, is left out.
    """

    first_step: int = 0
    last_step: int | None = None
    log_x: bool = False
    log_y: bool = False

    def end(self, total_steps: int) -> int:
        """Returns the last step to draw of a run."""
        return total_steps if self.last_step is None else min(self.last_step, total_steps)

    def across(self, steps: NDArray[np.int64]) -> FloatArray:
        """Returns where steps stand, in units of their axis."""
        return np.log10(np.maximum(steps, 1)) if self.log_x else steps.astype(np.float64)

    def floor(self, highest: float) -> float:
        """Returns the lowest value that a logarithmic axis shows."""
        return highest * 10.0**-_DECADES


def parse_zoom(text: str) -> tuple[int, int]:
    """Reads "A:B", two steps in order.

    Raises:
        ConfigError: If it is anything else.
    """
    first, colon, last = text.replace("_", "").partition(":")
    if colon and first.isdecimal() and last.isdecimal() and int(first) < int(last):
        return int(first), int(last)
    message = f"{text!r} is not allowed; it must be two steps in order, the first and the last to draw"
    raise ConfigError([Problem("--zoom", message, "as in --zoom 0:4000")])


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

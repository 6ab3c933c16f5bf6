"""A piecewise schedule: the multiplier m(t) of the base learning rate, for integer step t.

Phases lie end to end from step 0 and phase k covers the half-open range [start_k, end_k). Inside it
m(t) = curve(start, target, p) with p = (t - start_k) / (end_k - start_k), so the target is reached at t = end_k. A
curve of the steps since the phase began gets somewhere else, and the next phase starts there. After the last phase m
stays where that ended; for t < 0 it is the initial multiplier.
"""

from __future__ import annotations

import bisect
import operator
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from d9d_lr.schedule.curve_base import FloatArray
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.picture import Picture, phase_words, picture, schedule_html
from d9d_lr.schedule.placed import SchedulePhase


@dataclass(frozen=True)
class Schedule:
    """A schedule in its place on the step axis: a pure function of the step.

    Attributes:
        initial_multiplier: Multiplier at step 0 (and before).
        phases: The resolved phases, contiguous from step 0; at least one.
        total_steps: Steps of the whole run; None where no phase needed it.
    """

    initial_multiplier: float
    phases: tuple[SchedulePhase, ...]
    total_steps: int | None = None
    _end_steps: list[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_end_steps", [phase.end_step for phase in self.phases])

    def multiplier(self, step: int) -> float:
        """Returns m(step), the value used for that step.

        Raises:
            TypeError: If `step` is not an integer.
        """
        whole_step = operator.index(step)  # numpy's integers would wrap around in the subtraction below
        if whole_step < 0:
            return self.initial_multiplier
        index = bisect.bisect_right(self._end_steps, whole_step)
        if index == len(self.phases):
            return self.phases[-1].end_multiplier
        return self.phases[index].multiplier(whole_step)

    def multipliers(self, steps: ArrayLike) -> FloatArray:
        """Returns m for each of many steps, equal to `multiplier` to the last bit.

        Args:
            steps: Integer steps of any shape, in any order.

        Returns:
            float64 multipliers of the same shape.

        Raises:
            TypeError: If `steps` are not integers.
        """
        wanted = np.asarray(steps)
        if wanted.size and not np.issubdtype(wanted.dtype, np.integer):
            raise TypeError(f"steps must be integers, not {wanted.dtype}")
        if wanted.dtype == np.uint64:
            wanted = np.minimum(wanted, MAX_STEPS)  # after every phase all steps are alike, and int64 ends at 2**63
        flat = wanted.ravel().astype(np.int64)
        out = np.full(flat.shape, self.phases[-1].end_multiplier, dtype=np.float64)
        out[flat < 0] = self.initial_multiplier
        for phase in self.phases:
            inside = (flat >= phase.start_step) & (flat < phase.end_step)
            if inside.any():
                out[inside] = phase.multipliers(flat[inside])
        return out.reshape(wanted.shape)

    def plot(self, base_lr: float | None = None, last_step: int | None = None) -> Picture:
        """Draws the schedule; a notebook shows the drawing, and `.save("schedule.svg")` writes it.

        Args:
            base_lr: The learning rate that it multiplies; without it, the multiplier is drawn.
            last_step: The last step to draw; by default that of the run.
        """
        return picture(self, base_lr, last_step)

    def __repr__(self) -> str:
        length = "" if self.total_steps is None else f"{self.total_steps} steps; "
        return f"Schedule({length}{'; '.join(phase_words(self))})"

    def _repr_html_(self) -> str:
        length = "" if self.total_steps is None else f" of {self.total_steps} steps"
        return schedule_html(self, f"Schedule{length}")


def boundaries(phases: Sequence[SchedulePhase]) -> list[int]:
    """Returns the steps at which a phase starts or ends, each once, in order."""
    return sorted({0, *(phase.end_step for phase in phases)})

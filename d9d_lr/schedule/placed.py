"""A phase in its place on the step axis, and the multiplier of each of its steps."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from d9d_lr.schedule.curve_base import CurveBase, FloatArray


@dataclass(frozen=True)
class SchedulePhase:
    """A phase in its place: it serves the steps [start_step, end_step).

    Attributes:
        mode: How its length was written.
        start_step: First step of the phase.
        end_step: The step after its last; equal to `start_step` for a jump.
        start_multiplier: Multiplier at `start_step`.
        target_multiplier: Where the curve goes: the multiplier at `end_step`, or what the curve tends to.
        curve: What lies between.
        laid_over: The steps at which the curve begins and ends, where they are not those of the phase.
        place: Where it is written, below `phases`, such as `2` or `1.phases.0`; empty where it is not.
    """

    mode: str
    start_step: int
    end_step: int
    start_multiplier: float
    target_multiplier: float
    curve: CurveBase
    laid_over: tuple[int, int] | None = None
    place: str = field(default="", compare=False)

    @property
    def end_multiplier(self) -> float:
        """The multiplier really reached at `end_step`, with which the next phase starts."""
        left_early = self.laid_over is not None and self.end_step < self.laid_over[1]
        return self.multiplier(self.end_step) if self.curve.by_steps or left_early else self.target_multiplier

    def refusal(self) -> str:
        """Returns why the curve cannot go from where it starts to its target; the empty string if it can."""
        jump = self.start_step == self.end_step
        return "" if jump else self.curve.refusal(self.start_multiplier, self.target_multiplier)

    def multiplier(self, step: int) -> float:
        """Returns the multiplier of a step of this phase."""
        begin, end = self.laid_over or (self.start_step, self.end_step)
        steps = min(step, end) - begin
        at = steps if self.curve.by_steps else steps / (end - begin)
        return self.curve.compute(self.start_multiplier, self.target_multiplier, at)

    def multipliers(self, steps: NDArray[np.int64]) -> FloatArray:
        """Returns what `multiplier` gives for each step, shape (n,)."""
        begin, end = self.laid_over or (self.start_step, self.end_step)
        since = np.minimum(steps, end) - begin
        at = since.astype(np.float64) if self.curve.by_steps else since / (end - begin)
        return self.curve.compute_array(self.start_multiplier, self.target_multiplier, at)

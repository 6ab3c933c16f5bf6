"""What a law can be asked about: schedules at its own peak, and not much longer than what it was fitted on."""

from __future__ import annotations

from dataclasses import dataclass

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.laws.footprint import FloatArray

SAME_PEAK = 0.05
"""Relative: a law says nothing of another peak."""

MOST_LONGER = 4
"""How many times longer than the longest fitted run a run may be."""

_STEPS, _BASE_LR = "train.total_steps", "optimizer.lr"


@dataclass(frozen=True)
class Limits:
    """What a law can be asked about.

    Attributes:
        lowest_peak: The lowest peak learning rate.
        highest_peak: The highest one.
        most_steps: The most steps of a run.
    """

    lowest_peak: float
    highest_peak: float
    most_steps: int

    @classmethod
    def around(cls, peak_lr: float, total_steps: int) -> Limits:
        """Returns the limits of a law that was fitted at a peak on runs of so many steps at most."""
        return cls((1.0 - SAME_PEAK) * peak_lr, (1.0 + SAME_PEAK) * peak_lr, MOST_LONGER * total_steps)

    def problems(self, rates: FloatArray) -> list[Problem]:
        """Returns why a law cannot tell of a schedule, given by the learning rate of every step; nothing if it can."""
        found = []
        peak = float(rates.max())
        if not self.lowest_peak <= peak <= self.highest_peak:
            message = f"the peak would be {peak:g}, and the law was fitted at {self._peak:.6g}"
            found.append(Problem(_BASE_LR, message, "a law holds at its own peak: fit another on runs at this one"))
        if len(rates) > self.most_steps:
            fitted = f"{MOST_LONGER} times the {self.most_steps // MOST_LONGER} of the fitted runs"
            found.append(Problem(_STEPS, f"{len(rates)} steps are more than {fitted}", "fit on longer runs"))
        return found

    @property
    def _peak(self) -> float:
        return (self.lowest_peak + self.highest_peak) / 2

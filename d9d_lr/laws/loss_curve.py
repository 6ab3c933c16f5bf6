"""A finished run as the laws take it: the rate of every step, the losses that were logged, and few points to fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from d9d_lr.laws.footprint import FloatArray

_FULL = 0.999  # of the peak: where a warmup counts as over
POINTS = 150
SKIPPED = 0.25  # of the run: the law does not hold in the beginning


@dataclass(frozen=True)
class LossCurve:
    """A run with its schedule and its losses.

    Attributes:
        name: What the run is called.
        learning_rates: The learning rate of each step, from step 0 to the last.
        steps: The logged steps, ascending.
        losses: The training loss of each logged step, positive.
        final_validation: The validation loss at the end; None if there is none.
    """

    name: str
    learning_rates: FloatArray
    steps: NDArray[np.int64]
    losses: FloatArray
    final_validation: float | None = None

    @property
    def total_steps(self) -> int:
        """How many steps the run has."""
        return len(self.learning_rates)

    @property
    def peak_lr(self) -> float:
        """The highest learning rate."""
        return float(self.learning_rates.max())

    @property
    def warmup_steps(self) -> int:
        """The first step that has the peak learning rate, all but a thousandth."""
        return int(np.argmax(self.learning_rates >= _FULL * self.peak_lr))


def every_step(steps: NDArray[np.int64], rates: FloatArray, total_steps: int) -> FloatArray:
    """Returns the rate of each step: straight lines between logged steps, the last logged rate after them.

    Nothing is known from before the first logged step; a warmup from zero in step 0 is taken to lead there.

    Args:
        steps: The logged steps, ascending.
        rates: The rate of each.
        total_steps: Steps of the whole run.
    """
    known_steps, known_rates = (steps, rates) if steps[0] == 0 else (np.insert(steps, 0, 0), np.insert(rates, 0, 0.0))
    return np.interp(np.arange(total_steps), known_steps, known_rates)


@dataclass(frozen=True)
class ThinCurve:
    """A loss curve of few points.

    Attributes:
        steps: The step that each point stands for.
        log_losses: The logarithm of the mean loss of each point.
    """

    steps: NDArray[np.int64]
    log_losses: FloatArray


def thin(curve: LossCurve, points: int = POINTS, skipped: float = SKIPPED) -> ThinCurve:
    """Returns a curve as it is fitted: without the warmup and its first part, averaged in bins of equal counts."""
    first = max(curve.warmup_steps, int(skipped * curve.total_steps))
    kept = curve.steps >= first
    steps, losses = curve.steps[kept], curve.losses[kept]
    bins = min(points, len(steps))
    edges = np.linspace(0, len(steps), bins + 1).astype(np.int64)[:-1]
    counts = np.diff(edges, append=len(steps))
    means = np.add.reduceat(losses, edges) / counts
    middles = np.rint(np.add.reduceat(steps, edges) / counts).astype(np.int64)
    return ThinCurve(middles, np.log(means))

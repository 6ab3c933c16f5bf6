"""A loss curve as it is fitted: without its beginning, averaged to few points, and how noisy those are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.loss_curve import LossCurve

POINTS = 150
SKIPPED = 0.25  # of the run: the law does not hold in the beginning


@dataclass(frozen=True)
class ThinCurve:
    """A loss curve of few points.

    Attributes:
        steps: The step that each point stands for.
        log_losses: The logarithm of the mean loss of each point.
        noise: The standard deviation of one point about the curve, relative.
    """

    steps: NDArray[np.int64]
    log_losses: FloatArray
    noise: float


def thin(curve: LossCurve, points: int = POINTS, skipped: float = SKIPPED) -> ThinCurve:
    """Returns a curve as it is fitted: the warmup and the first part left out, then averaged in bins of equal counts."""
    first = max(curve.warmup_steps, int(skipped * curve.total_steps))
    kept = curve.steps >= first
    steps, losses = curve.steps[kept], curve.losses[kept]
    bins = min(points, len(steps))
    edges = np.linspace(0, len(steps), bins + 1).astype(np.int64)[:-1]
    counts = np.diff(edges, append=len(steps))
    means = np.add.reduceat(losses, edges) / counts
    middles = np.rint(np.add.reduceat(steps, edges) / counts).astype(np.int64)
    log_losses = np.log(means)
    return ThinCurve(middles, log_losses, noise_of(log_losses))


def noise_of(log_losses: FloatArray) -> float:
    """Returns the standard deviation of independent noise, from second differences, which a smooth curve leaves small.

    The second difference of independent noise of variance s^2 has the variance (1 + 4 + 1) s^2 = 6 s^2, and the median
    of the size of a normal number times 1.4826 is its standard deviation.
    """
    if len(log_losses) < 3:
        return 0.0
    return float(1.4826 * np.median(np.abs(np.diff(log_losses, 2))) / np.sqrt(6.0))

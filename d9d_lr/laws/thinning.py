"""A loss curve as it is fitted: without its beginning, and averaged to few points."""

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

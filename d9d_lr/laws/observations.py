"""What a law is fitted to: the thinned curves of some runs, what a law sees of each, and what their residuals share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from d9d_lr.laws.footprint import FloatArray, Footprint, footprint
from d9d_lr.laws.law import Form
from d9d_lr.laws.loss_curve import LossCurve, ThinCurve, thin
from d9d_lr.laws.noise import aligned, whitening


@dataclass(frozen=True)
class Observations:
    """The runs that a law is fitted on.

    Attributes:
        points: The thinned curve of each.
        seen: What a law sees from its points.
        ends: What a law sees from its last step.
        groups: Places of runs whose points stand for the same steps, with what makes their residuals independent.
        reference_lr: The highest learning rate.
        reference_progress: The median final progress.
    """

    points: list[ThinCurve]
    seen: list[Footprint]
    ends: list[Footprint]
    groups: list[tuple[list[int], FloatArray]]
    reference_lr: float
    reference_progress: float

    @property
    def final_loss(self) -> float:
        """The mean loss of the last points."""
        return float(np.exp(np.mean([points.log_losses[-1] for points in self.points])))

    @classmethod
    def of(cls, curves: Sequence[LossCurve], exponent: float) -> Observations:
        """Returns the observations of some runs; `exponent` is q."""
        reference_lr = max(curve.peak_lr for curve in curves)
        points = [thin(curve) for curve in curves]

        def seen_from(curve: LossCurve, steps: ArrayLike) -> Footprint:
            return footprint(curve.learning_rates, steps, reference_lr=reference_lr, exponent=exponent)

        seen = [seen_from(curve, one.steps) for curve, one in zip(curves, points, strict=True)]
        ends = [seen_from(curve, [curve.total_steps - 1]) for curve in curves]
        groups = [(group, whitening([points[place] for place in group])) for group in aligned(points)]
        reference_progress = float(np.median([end.progress[0] for end in ends]))
        return cls(points, seen, ends, groups, reference_lr, reference_progress)

    def residuals(self, law: Form) -> tuple[FloatArray, FloatArray]:
        """Returns what ln loss differs by, independent and of the size 1, and its derivatives by the law's numbers."""
        parts = [_log_residuals(law, *one) for one in zip(self.seen, self.points, strict=True)]
        found, slopes = [], []
        for group, whitener in self.groups:
            found.append((whitener @ np.array([parts[place][0] for place in group])).ravel())
            columns = np.array([parts[place][1] for place in group])
            slopes.append(np.tensordot(whitener, columns, axes=1).reshape(-1, columns.shape[-1]))
        return np.concatenate(found), np.concatenate(slopes)


def _log_residuals(law: Form, seen: Footprint, points: ThinCurve) -> tuple[FloatArray, FloatArray]:
    losses, slopes = law.losses_and_slopes(seen)
    return np.log(losses) - points.log_losses, slopes / losses[:, None]

"""Fitting the multi-power law, twice: with narrow priors and with wide ones. Where the two disagree, nobody knows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from d9d_lr.laws.footprint import FloatArray, Footprint, footprint
from d9d_lr.laws.least_squares import Priors, minimise
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.laws.multi_power import NAMES, MultiPower
from d9d_lr.laws.noise import aligned, whitening
from d9d_lr.laws.thinning import ThinCurve, thin

EXPONENT = 0.8
"""q: of 420 fits on fresh curves, 72 % had a lower error than with 1."""

WIDENED = 6.0
"""How much wider the second fit's priors are."""


@dataclass(frozen=True)
class Fit:
    """The two fits of some runs.

    Attributes:
        narrow: The law that is used.
        wide: The law with wide priors; how far it is off is the error bar.
        reference_lr: The highest learning rate of the runs.
        exponent: q.
    """

    narrow: MultiPower
    wide: MultiPower
    reference_lr: float
    exponent: float

    def footprint(self, learning_rates: FloatArray, steps: ArrayLike) -> Footprint:
        """Returns what the law sees of a schedule, given by its learning rates, from some steps."""
        return footprint(learning_rates, steps, reference_lr=self.reference_lr, exponent=self.exponent)


def fit(curves: Sequence[LossCurve], exponent: float = EXPONENT) -> Fit:
    """Fits the law on the curves of one or more runs.

    The residuals are differences of ln loss, made independent of each other and of the size 1 by `noise.whitening`.

    Args:
        curves: The runs.
        exponent: q.
    """
    reference_lr = max(curve.peak_lr for curve in curves)
    thinned = [thin(curve) for curve in curves]
    seen = [
        footprint(curve.learning_rates, points.steps, reference_lr=reference_lr, exponent=exponent)
        for curve, points in zip(curves, thinned, strict=True)
    ]
    ends = [((curve.learning_rates / reference_lr) ** exponent).sum() for curve in curves]
    reference_progress = float(np.median(ends))

    groups = [(group, whitening([thinned[place] for place in group])) for group in aligned(thinned)]

    def residuals(vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        law = MultiPower.of_vector(vector, reference_progress)
        parts = [_log_residuals(law, *one) for one in zip(seen, thinned, strict=True)]
        found = [whitener @ np.array([parts[place][0] for place in group]) for group, whitener in groups]
        slopes = [
            np.tensordot(whitener, np.array([parts[place][1] for place in group]), axes=1)
            for group, whitener in groups
        ]
        return np.concatenate([one.ravel() for one in found]), np.concatenate(
            [one.reshape(-1, len(NAMES)) for one in slopes]
        )

    final_loss = float(np.exp(np.mean([points.log_losses[-1] for points in thinned])))
    priors = priors_for(final_loss)
    narrow, wide = (
        MultiPower.of_vector(minimise(residuals, priors.means, one), reference_progress)
        for one in (priors, priors.widened(WIDENED))
    )
    return Fit(narrow, wide, reference_lr, exponent)


def priors_for(final_loss: float) -> Priors:
    """Returns what is known of the law's numbers before any run, in the order of `multi_power.NAMES`.

    Nothing is assumed of the floor and the amplitude, which are where the search starts. The others were found on
    published language-model runs; without them a small noisy task is ranked worse than by chance.
    """
    table = [
        (np.log(0.85 * final_loss), np.inf),
        (np.log(0.08 * final_loss), np.inf),
        (np.log(0.5), 0.05),
        (np.log(0.055 * final_loss), 1.0),
        (np.log(0.03), 0.27),
        (np.log(0.55), 0.1),
        (0.5, 0.067),
    ]
    means, widths = zip(*table, strict=True)
    return Priors(np.array(means), np.array(widths))


def _log_residuals(law: MultiPower, seen: Footprint, points: ThinCurve) -> tuple[FloatArray, FloatArray]:
    losses, slopes = law.losses_and_slopes(seen)
    return np.log(losses) - points.log_losses, slopes / losses[:, None]

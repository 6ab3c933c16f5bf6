"""Fitting the multi-power law, twice: with narrow priors and with wide ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from d9d_lr.laws.footprint import FloatArray, Footprint, footprint
from d9d_lr.laws.law import FittedRun, Law
from d9d_lr.laws.least_squares import Priors, minimise
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.laws.multi_power import NAMES, MultiPower
from d9d_lr.laws.noise import aligned, end_noise, whitening
from d9d_lr.laws.peak import best_peak
from d9d_lr.laws.thinning import ThinCurve, thin

EXPONENT = 0.8
"""q: of 420 fits on fresh curves, 72 % had a lower error than with 1."""

WIDENED = 6.0
"""How much wider the second fit's priors are."""

_END = 0.05  # of a run: the last points, whose mean is the end where there is no validation loss


def priors_for(final_loss: float) -> Priors:
    """Returns what is known of the law's numbers before any run, in the order of `multi_power.NAMES`.

    Nothing is assumed of the floor and the amplitude, and little of the cost: a loss that is mostly noise that no model
    can learn has next to none. The others were found on published language-model runs.
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


def fit(curves: Sequence[LossCurve], exponent: float = EXPONENT) -> Law:
    """Fits the law on the curves of one or more runs; `requirements.check_runs` says whether they suffice.

    The residuals are differences of ln loss, made independent of each other and of the size 1 by `noise.whitening`.

    Args:
        curves: The runs.
        exponent: q.
    """
    problem = _Problem.of(curves, exponent)
    final_loss = float(np.exp(np.mean([points.log_losses[-1] for points in problem.points])))
    priors = priors_for(final_loss)
    narrow, wide = (
        MultiPower.of_vector(minimise(problem.residuals, priors.means, one), problem.reference_progress)
        for one in (priors, priors.widened(WIDENED))
    )
    offset = _validation_offset(curves, problem, narrow)
    ends = np.array([_end(narrow, curve, place, problem, offset) for place, curve in enumerate(curves)])
    errors = np.log(ends[:, 0] / ends[:, 1])
    runs = tuple(
        FittedRun(
            name=curve.name,
            fingerprint=fingerprint(curve),
            total_steps=curve.total_steps,
            warmup_steps=curve.warmup_steps,
            peak_lr=curve.peak_lr,
            final_loss=float(measured),
            mean_error=float(np.abs(np.expm1(np.log(narrow.losses(seen)) - points.log_losses)).mean()),
            end_error=float(error - errors.mean()),
        )
        for curve, seen, points, (measured, _), error in zip(
            curves, problem.seen, problem.points, ends, errors, strict=True
        )
    )
    likes = best_peak(
        narrow,
        total_steps=max(curve.total_steps for curve in curves),
        warmup_steps=int(np.median([curve.warmup_steps for curve in curves])),
        exponent=exponent,
    )
    noise = end_noise(problem.points)
    return Law(narrow, wide, exponent, problem.reference_lr, offset, noise, likes, runs)


def fingerprint(curve: LossCurve) -> str:
    """Returns a hash of what a run contributes to a fit."""
    digest = hashlib.sha256()
    for values in (curve.learning_rates, curve.steps.astype(np.float64), curve.losses):
        digest.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return digest.hexdigest()[:16]


@dataclass(frozen=True)
class _Problem:
    """What is minimised: the thinned curves, what the law sees of each, and what makes their residuals independent."""

    points: list[ThinCurve]
    seen: list[Footprint]
    ends: list[Footprint]
    groups: list[tuple[list[int], FloatArray]]
    reference_lr: float
    reference_progress: float

    @classmethod
    def of(cls, curves: Sequence[LossCurve], exponent: float) -> _Problem:
        reference_lr = max(curve.peak_lr for curve in curves)
        points = [thin(curve) for curve in curves]

        def seen_from(curve: LossCurve, steps: ArrayLike) -> Footprint:
            return footprint(curve.learning_rates, steps, reference_lr=reference_lr, exponent=exponent)

        seen = [seen_from(curve, one.steps) for curve, one in zip(curves, points, strict=True)]
        ends = [seen_from(curve, [curve.total_steps - 1]) for curve in curves]
        groups = [(group, whitening([points[place] for place in group])) for group in aligned(points)]
        reference_progress = float(np.median([end.progress[0] for end in ends]))
        return cls(points, seen, ends, groups, reference_lr, reference_progress)

    def residuals(self, vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        law = MultiPower.of_vector(vector, self.reference_progress)
        parts = [_log_residuals(law, *one) for one in zip(self.seen, self.points, strict=True)]
        found, slopes = [], []
        for group, whitener in self.groups:
            found.append((whitener @ np.array([parts[place][0] for place in group])).ravel())
            columns = np.array([parts[place][1] for place in group])
            slopes.append(np.tensordot(whitener, columns, axes=1).reshape(-1, len(NAMES)))
        return np.concatenate(found), np.concatenate(slopes)


def _log_residuals(law: MultiPower, seen: Footprint, points: ThinCurve) -> tuple[FloatArray, FloatArray]:
    losses, slopes = law.losses_and_slopes(seen)
    return np.log(losses) - points.log_losses, slopes / losses[:, None]


def _validation_offset(curves: Sequence[LossCurve], problem: _Problem, law: MultiPower) -> float | None:
    """Returns the mean of validation loss minus the law's training loss at the ends; None if a run has none."""
    validation = [curve.final_validation for curve in curves if curve.final_validation is not None]
    if len(validation) < len(curves):
        return None
    return float(np.mean(validation) - np.mean([law.losses(end)[0] for end in problem.ends]))


def _end(law: MultiPower, curve: LossCurve, place: int, problem: _Problem, offset: float | None) -> tuple[float, float]:
    """Returns the loss at the end of a run as it was measured, and by the law."""
    if offset is not None and curve.final_validation is not None:
        return curve.final_validation, float(law.losses(problem.ends[place])[0]) + offset
    points = problem.points[place]
    last = points.steps >= (1.0 - _END) * curve.total_steps
    last[-1] = True
    return float(np.exp(points.log_losses[last]).mean()), float(law.losses(problem.seen[place])[last].mean())

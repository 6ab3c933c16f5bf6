"""Fitting a law, twice: the multi-power law with narrow priors and with wide ones, the momentum law for two lambdas.

How good it is on runs that it has not seen is known by leaving out each in turn, where enough remain.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.laws.best import best_peak
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import FittedRun, Form, Law, LeftOut
from d9d_lr.laws.least_squares import Priors, cost, minimise
from d9d_lr.laws.limits import Limits
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.laws.momentum import Momentum
from d9d_lr.laws.multi_power import MultiPower
from d9d_lr.laws.noise import end_noise
from d9d_lr.laws.observations import Observations
from d9d_lr.laws.requirements import check_runs

EXPONENT = 0.8
"""q: of 420 fits on fresh curves, 72 % had a lower error than with 1."""

WIDENED = 6.0
"""How much wider the second fit's priors are."""

MEMORIES = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9995)
"""lambda of the momentum law; the paper has 0.999 for long runs."""

MOST_RUNS = 12
"""Beyond so many runs, as many spread over them are left out: the time grows with their square."""

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
    """Fits the multi-power law on the curves of one or more runs; `requirements.check_runs` says whether they suffice.

    The residuals are differences of ln loss, made independent of each other and of the size 1 by `noise.whitening`.

    Args:
        curves: The runs.
        exponent: q.
    """
    seen = Observations.of(curves, exponent)
    priors = priors_for(seen.final_loss)

    def residuals(vector: FloatArray) -> tuple[FloatArray, FloatArray]:
        return seen.residuals(MultiPower.of_vector(vector, seen.reference_progress))

    narrow, wide = (
        MultiPower.of_vector(minimise(residuals, priors.means, one), seen.reference_progress)
        for one in (priors, priors.widened(WIDENED))
    )
    return _law(curves, seen, narrow, wide, exponent)


def fit_momentum(curves: Sequence[LossCurve]) -> Law:
    """Fits the momentum law on the curves of some runs, once for each of `MEMORIES`.

    The best of them is used. The next best one stands in for a fit with wide priors: the paper sets lambda by hand,
    and where another that fits nearly as well predicts something else, nobody knows.
    """
    seen = Observations.of(curves, 1.0)
    start = np.log([0.85 * seen.final_loss, 0.08 * seen.final_loss, 0.5, 0.1 * seen.final_loss])
    nothing = Priors(start, np.array([np.inf, np.inf, 1.0, np.inf]))

    def fitted(memory: float) -> tuple[float, Momentum]:
        def residuals(vector: FloatArray) -> tuple[FloatArray, FloatArray]:
            return seen.residuals(Momentum.of_vector(vector, memory, seen.reference_progress))

        vector = minimise(residuals, start, nothing)
        return cost(residuals(vector)[0], vector, nothing), Momentum.of_vector(vector, memory, seen.reference_progress)

    best, second = sorted((fitted(memory) for memory in MEMORIES), key=lambda one: one[0])[:2]
    return _law(curves, seen, best[1], second[1], 1.0)


def fit_alike(law: Law, curves: Sequence[LossCurve]) -> Law:
    """Fits a law of the same kind on other runs."""
    return fit_momentum(curves) if isinstance(law.narrow, Momentum) else fit(curves, law.exponent)


def _law(curves: Sequence[LossCurve], seen: Observations, narrow: Form, wide: Form, exponent: float) -> Law:
    offset = _validation_offset(curves, seen, narrow)
    ends = np.array([_end(narrow, curve, place, seen, offset) for place, curve in enumerate(curves)])
    errors = np.log(ends[:, 0] / ends[:, 1])
    runs = tuple(
        FittedRun(
            name=curve.name,
            fingerprint=fingerprint(curve),
            total_steps=curve.total_steps,
            warmup_steps=curve.warmup_steps,
            peak_lr=curve.peak_lr,
            final_loss=float(measured),
            mean_error=float(np.abs(np.expm1(np.log(narrow.losses(one)) - points.log_losses)).mean()),
            end_error=float(error - errors.mean()),
            disagreement=float(np.log(narrow.losses(last)[0] / wide.losses(last)[0])),
        )
        for curve, one, points, (measured, _), error, last in zip(
            curves, seen.seen, seen.points, ends, errors, seen.ends, strict=True
        )
    )
    likes = best_peak(
        narrow,
        total_steps=max(curve.total_steps for curve in curves),
        warmup_steps=int(np.median([curve.warmup_steps for curve in curves])),
        exponent=exponent,
    )
    limits = Limits.around(seen.reference_lr, max(run.total_steps for run in runs))
    return Law(narrow, wide, exponent, seen.reference_lr, offset, end_noise(seen.points), likes, limits, runs)


def fingerprint(curve: LossCurve) -> str:
    """Returns a hash of what a run contributes to a fit."""
    digest = hashlib.sha256()
    for values in (curve.learning_rates, curve.steps.astype(np.float64), curve.losses):
        digest.update(np.ascontiguousarray(values, dtype=np.float64).tobytes())
    return digest.hexdigest()[:16]


def _validation_offset(curves: Sequence[LossCurve], seen: Observations, law: Form) -> float | None:
    """Returns the mean of validation loss minus the law's training loss at the ends; None if a run has none."""
    validation = [curve.final_validation for curve in curves if curve.final_validation is not None]
    if len(validation) < len(curves):
        return None
    return float(np.mean(validation) - np.mean([law.losses(end)[0] for end in seen.ends]))


def _end(law: Form, curve: LossCurve, place: int, seen: Observations, offset: float | None) -> tuple[float, float]:
    """Returns the loss at the end of a run as it was measured, and by the law."""
    if offset is not None and curve.final_validation is not None:
        return curve.final_validation, float(law.losses(seen.ends[place])[0]) + offset
    points = seen.points[place]
    last = points.steps >= (1.0 - _END) * curve.total_steps
    last[-1] = True
    return float(np.exp(points.log_losses[last]).mean()), float(law.losses(seen.seen[place])[last].mean())


def with_left_out(law: Law, curves: Sequence[LossCurve]) -> Law:
    """Returns a law that also knows what leaving each of its runs out gives; unchanged for fewer than three runs."""
    if len(curves) < 3:
        return law
    places = np.unique(np.linspace(0, len(curves) - 1, min(len(curves), MOST_RUNS)).astype(int)).tolist()
    found = (_left_out(law, curves, place) for place in places)
    return dataclasses.replace(law, left_out=tuple(one for one in found if one is not None))


def _left_out(law: Law, curves: Sequence[LossCurve], place: int) -> LeftOut | None:
    others = [curve for index, curve in enumerate(curves) if index != place]
    try:
        check_runs(others)
    except ConfigError:
        return None  # what is left cannot be fitted, and says nothing
    run = law.runs[place]
    predicted = fit_alike(law, others).predict(curves[place].learning_rates).loss
    return LeftOut(run.name, predicted / run.final_loss - 1.0)

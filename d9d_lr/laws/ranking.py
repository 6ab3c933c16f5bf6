"""Schedules in the order in which to try them, or why a law does not tell.

By the law's prediction, with two exceptions among schedules that it can hardly tell apart: a schedule that has done
well everywhere, WSD 20 %, goes before a better one that may not be better; and where the peak is too high, those close
to the best go in the order of the convex bound, which is right there as often as it is wrong at lower peaks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from d9d_lr.laws.fixed_rules import wsd_20
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law, Prediction

MOST_DISAGREEMENT = 0.016
"""Relative: where the two fits disagree by more about the gaps between schedules, these are not ranked."""

CLOSE = 0.02
"""Relative: what lies so close to the best is ordered by the convex bound where the peak is too high."""

SAME = 0.01
"""Mean difference of multipliers: the same schedule but for its warmup."""


@dataclass(frozen=True)
class Ranked:
    """A schedule in its place.

    Attributes:
        index: Its place among what was asked for.
        prediction: Its final loss.
        bound: Its convex bound; smaller is better.
        gap: How far it is behind the lowest prediction, relative.
        gap_error: How well that is known, relative; 0 for the lowest itself.
    """

    index: int
    prediction: Prediction
    bound: float
    gap: float
    gap_error: float

    @property
    def tied(self) -> bool:
        """Whether it cannot be told apart from the lowest prediction."""
        return self.gap <= self.gap_error


@dataclass(frozen=True)
class Ranking:
    """Schedules in order.

    Attributes:
        rows: The schedules, the one to try first in front.
        disagreement: How much the two fits disagree about the gaps between schedules, relative.
    """

    rows: tuple[Ranked, ...]
    disagreement: float

    @property
    def trusted(self) -> bool:
        """Whether the fits agree well enough for the order to mean something."""
        return self.disagreement <= MOST_DISAGREEMENT

    @property
    def refusal(self) -> str:
        """Says why there is no ranking, where the fits do not agree well enough."""
        return (
            f"the law's two fits disagree by {self.disagreement:.1%} about these schedules, and where they do by more "
            f"than {MOST_DISAGREEMENT:.1%} the order was often wrong"
        )


def rank(law: Law, schedules: Sequence[FloatArray]) -> Ranking:
    """Returns schedules, given by the learning rate of every step, in the order in which to try them."""
    predictions = [law.predict(rates) for rates in schedules]
    order = sorted(range(len(schedules)), key=lambda index: predictions[index].loss)
    best = predictions[order[0]]
    rows = [_row(law, index, schedules[index], predictions[index], best) for index in order]
    if law.peak_too_high:
        close = [row for row in rows if row.gap <= CLOSE]
        rows = [*sorted(close, key=lambda row: row.bound), *rows[len(close) :]]
    else:
        rows = _safe_first(law, schedules, rows)
    return Ranking(tuple(rows), _disagreement(predictions))


def _row(law: Law, index: int, rates: FloatArray, prediction: Prediction, best: Prediction) -> Ranked:
    error = 0.0 if prediction is best else law.gap_error(best, prediction)
    return Ranked(index, prediction, convex_bound(rates), prediction.loss / best.loss - 1.0, error)


def _disagreement(predictions: Sequence[Prediction]) -> float:
    """Returns the most that the fits disagree about any schedule; what they do about all alike changes no order."""
    found = np.array([prediction.disagreement for prediction in predictions])
    return float(np.abs(found - found.mean()).max())


def _safe_first(law: Law, schedules: Sequence[FloatArray], rows: list[Ranked]) -> list[Ranked]:
    """Returns the rows with WSD 20 % in front, if it is among those that cannot be told from the lowest."""

    def distance(row: Ranked) -> float:
        rates = schedules[row.index]
        return round(float(np.abs(rates / rates.max() - wsd_20(len(rates), law.warmup_steps)).mean()), 6)

    nearest = min((row for row in rows if row.tied), key=lambda row: (distance(row), row.index))
    if distance(nearest) > SAME:
        return rows
    return [nearest, *(row for row in rows if row is not nearest)]


def convex_bound(learning_rates: FloatArray) -> float:
    """Returns a bound of convex optimisation that orders schedules without any fit, given the rate of every step.

    For the last of T steps of stochastic subgradient descent with the rates gamma * eta_t, a start at the distance D
    from the best point and gradients no longer than G, the loss above its minimum is at most

        D^2 / (2 gamma sum eta_t) + gamma G^2 / 2 * [ sum eta_t^2 / sum eta_t
            + sum over k < T of eta_k / (sum over t > k of eta_t)
                * (sum over t >= k of eta_t^2) / (sum over t >= k of eta_t) ]

    (Schaipp et al., arXiv:2501.18965). With D = G = 1 and the gamma that makes it smallest it is 2 sqrt(T1 T2), where
    T1 / gamma and T2 gamma are its two parts: a number for each schedule's shape, without units. Steps of rate zero
    move nothing and are left out; where all are zero it is infinite.
    """
    rates = learning_rates[learning_rates > 0]
    if len(rates) == 0:
        return float("inf")
    from_here = np.cumsum(rates[::-1])[::-1]
    squares_from_here = np.cumsum((rates**2)[::-1])[::-1]
    last_iterate = rates[:-1] / from_here[1:] * squares_from_here[:-1] / from_here[:-1]
    movement = 1.0 / (2.0 * from_here[0])
    noise = 0.5 * (squares_from_here[0] / from_here[0] + last_iterate.sum())
    return float(2.0 * np.sqrt(movement * noise))

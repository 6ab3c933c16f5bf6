"""How noisy the points of loss curves are, and how much of that noise several runs share.

Runs that draw the same batches in the same order, as those of one seed do, go up and down together: nine tenths and
more of the noise of a point is the same in all of them. Their differences, which is what ranks schedules, are then
known far better than any one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.loss_curve import ThinCurve

LEAST_NOISE = 1e-3
"""Relative, of one point; the law itself is no better."""

_MOST_SHARED = 0.999
_SPIKE = 6.0  # robust standard deviations: a second difference beyond this is cut back to it


def noise_of(log_losses: FloatArray) -> float:
    """Returns the standard deviation of independent noise, from second differences, which a smooth curve leaves small.

    The second difference of independent noise of variance s^2 has the variance (1 + 4 + 1) s^2 = 6 s^2, and the median
    of the size of a normal number times 1.4826 is its standard deviation.
    """
    return _spread(np.diff(log_losses, 2)) / np.sqrt(6.0) if len(log_losses) > 2 else 0.0


def aligned(curves: Sequence[ThinCurve]) -> list[list[int]]:
    """Returns the curves, by their places, in groups whose points stand for the same steps, to half a point's width."""
    groups: list[list[int]] = []
    for place, curve in enumerate(curves):
        fitting = (group for group in groups if _same_steps(curves[group[0]], curve))
        group = next(fitting, None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups


def whitening(curves: Sequence[ThinCurve]) -> FloatArray:
    """Returns the matrix that turns the residuals of aligned curves into independent ones of about the size 1.

    The covariance has each curve's own noise and one correlation for all pairs, their mean; `LEAST_NOISE` is added to
    each curve's as independent noise.
    """
    noises = np.array([noise_of(curve.log_losses) for curve in curves])
    shared = _correlation(curves) if len(curves) > 1 else 0.0
    covariance = np.outer(noises, noises) * (shared + (1.0 - shared) * np.eye(len(curves)))
    return np.linalg.inv(np.linalg.cholesky(covariance + LEAST_NOISE**2 * np.eye(len(curves))))


def end_noise(curves: Sequence[ThinCurve]) -> float:
    """Returns how well the last quarter of the points gives the end of a run beside those of the others, relative."""
    return max(_own_noise([curves[place] for place in group]) for group in aligned(curves))


def _own_noise(group: Sequence[ThinCurve]) -> float:
    precision = whitening(group).T @ whitening(group)
    own = 1.0 / np.sqrt(np.diag(precision))  # what is left of a run's noise where those of the others are known
    return float(own.max() / np.sqrt(max(1, len(group[0].steps) // 4)))


def _correlation(curves: Sequence[ThinCurve]) -> float:
    bends = np.array([np.diff(curve.log_losses, 2) for curve in curves])
    if bends.shape[1] < 10:
        return 0.0
    limits = _SPIKE * np.array([_spread(row) for row in bends])[:, None]
    cut = np.clip(bends, -limits, limits)
    sizes = np.sqrt((cut**2).mean(axis=1))
    if not sizes.all():
        return 0.0
    correlations = (cut / sizes[:, None]) @ (cut / sizes[:, None]).T / cut.shape[1]
    pairs = correlations[np.triu_indices(len(curves), 1)]
    return float(np.clip(pairs.mean(), 0.0, _MOST_SHARED))


def _spread(values: FloatArray) -> float:
    return float(1.4826 * np.median(np.abs(values)))


def _same_steps(one: ThinCurve, other: ThinCurve) -> bool:
    if len(one.steps) != len(other.steps) or len(one.steps) < 2:
        return False
    width = (one.steps[-1] - one.steps[0]) / (len(one.steps) - 1)
    return bool(np.abs(one.steps - other.steps).max() <= width / 2)

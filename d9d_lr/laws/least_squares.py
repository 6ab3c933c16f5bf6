"""Robust non-linear least squares with priors, by Levenberg and Marquardt's method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from d9d_lr.laws.footprint import FloatArray

Residuals = Callable[[FloatArray], tuple[FloatArray, FloatArray]]
"""Residuals in units of their noise, and their derivatives by the parameters, a column each."""

_MOST_STEPS = 200
_SMALL_GAIN = 1e-9
_STUCK = 1e12


@dataclass(frozen=True)
class Priors:
    """What is known of the parameters beforehand: normal distributions, independent of each other.

    Attributes:
        means: The middle of each.
        widths: The standard deviation of each; infinite where nothing is known.
    """

    means: FloatArray
    widths: FloatArray

    def widened(self, factor: float) -> Priors:
        """Returns the same, that many times as wide."""
        return Priors(self.means, self.widths * factor)


def minimise(residuals: Residuals, start: FloatArray, priors: Priors) -> FloatArray:
    """Returns the parameters with the smallest sum of Huber's losses and squared departures from the priors.

    Huber's loss is r^2 / 2 up to |r| = 1 and |r| - 1/2 beyond, so that a spike counts as often as it occurs and not as
    high as it is. A step outside of what numbers can hold counts as no improvement.

    Args:
        residuals: See `Residuals`.
        start: Where to begin.
        priors: As many as there are parameters.
    """
    point, damping = start, 1e-3
    with np.errstate(all="ignore"):
        found, slopes = residuals(point)
        best = cost(found, point, priors)
        for _ in range(_MOST_STEPS):
            step = _step(found, slopes, point, priors, damping)
            tried, tried_slopes = residuals(point + step)
            tried_cost = cost(tried, point + step, priors)
            if not tried_cost < best:
                damping *= 4.0
                if damping > _STUCK:
                    break
                continue
            gain = best - tried_cost
            point, found, slopes, best = point + step, tried, tried_slopes, tried_cost
            damping = max(damping / 5.0, 1e-9)
            if gain < _SMALL_GAIN * (1.0 + best):
                break
    return point


def _step(found: FloatArray, slopes: FloatArray, point: FloatArray, priors: Priors, damping: float) -> FloatArray:
    weights = 1.0 / np.maximum(1.0, np.abs(found))
    precision = priors.widths**-2.0
    normal = slopes.T @ (weights[:, None] * slopes) + np.diag(precision)
    gradient = slopes.T @ (weights * found) + precision * (point - priors.means)
    step = np.linalg.solve(normal + damping * np.diag(np.diag(normal) + 1e-12), gradient)
    return np.asarray(-step, dtype=np.float64)


def cost(found: FloatArray, point: FloatArray, priors: Priors) -> float:
    """Returns what is minimised: Huber's losses of the residuals, and half the squared departures from the priors."""
    sizes = np.abs(found)
    huber = np.where(sizes <= 1.0, 0.5 * found**2, sizes - 0.5).sum()
    found_cost = float(huber + 0.5 * (((point - priors.means) / priors.widths) ** 2).sum())
    return found_cost if np.isfinite(found_cost) else np.inf

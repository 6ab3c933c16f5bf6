"""Student's t distribution, as far as a comparison of means needs it; numpy alone, so that every summary has it.

With u = arctan(t / sqrt(nu)) its density is proportional to cos(u)^(nu - 1), so a tail is a ratio of two integrals.
"""

from __future__ import annotations

import math
from functools import cache

import numpy as np

_PANELS = 400  # Simpson's rule: tails to 1e-6 of themselves, for up to a few thousand degrees of freedom


def two_sided(t: float, degrees: float) -> float:
    """Returns P(|T| > |t|) for T with so many degrees of freedom, at least 1."""
    return _tail(math.atan(abs(t) / math.sqrt(degrees)), degrees) / _tail(0.0, degrees)


@cache
def critical(level: float, degrees: float) -> float:
    """Returns the t with P(|T| > t) = level, by bisection."""
    low, high = 0.0, math.pi / 2
    whole = _tail(0.0, degrees)
    for _ in range(30):
        middle = (low + high) / 2
        low, high = (middle, high) if _tail(middle, degrees) > level * whole else (low, middle)
    return math.sqrt(degrees) * math.tan((low + high) / 2)


def _tail(angle: float, degrees: float) -> float:
    """Integrates from an angle upwards, to where cos(u)^(nu - 1) is below 1e-18."""
    end = math.acos(10 ** (-18 / (degrees - 1))) if degrees > 1 else math.pi / 2
    u = np.linspace(angle, max(angle, end), _PANELS + 1)
    height = np.clip(np.cos(u), 0.0, None) ** (degrees - 1)
    return float(height[0] + 4 * height[1:-1:2].sum() + 2 * height[2:-1:2].sum() + height[-1]) * float(u[-1] - u[0])

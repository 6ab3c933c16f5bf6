"""A bound of convex optimisation that orders schedules without any fit, and does so well where the rate is too high.

For the last of T steps of stochastic subgradient descent with the rates gamma * eta_t, a start at the distance D from
the best point and gradients no longer than G, the loss above its minimum is at most

    D^2 / (2 gamma sum eta_t) + gamma G^2 / 2 * [ sum eta_t^2 / sum eta_t
        + sum over k < T of eta_k / (sum over t > k of eta_t)
            * (sum over t >= k of eta_t^2) / (sum over t >= k of eta_t) ]

(Schaipp et al., arXiv:2501.18965). With D = G = 1 and the gamma that makes it smallest it is 2 sqrt(T1 T2), where
T1 / gamma and T2 gamma are its two parts: a number for each schedule's shape, without units.
"""

from __future__ import annotations

import numpy as np

from d9d_lr.laws.footprint import FloatArray


def convex_bound(learning_rates: FloatArray) -> float:
    """Returns 2 sqrt(T1 T2) for the rate of every step; steps of rate zero move nothing and are left out.

    Returns infinity if the rate is zero throughout.
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

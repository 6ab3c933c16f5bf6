"""The multi-power law: a power law in the progress of a run, and for every change of the rate a delayed answer to it.

    L(t) = L0 + A (S(t) / S_ref)^-alpha + B * sum over k <= t of (u_k - u_{k-1}) * G_k(t)
    G_k(t) = 1 - (1 + c * max(u_k, 1e-4)^-gamma * (S(t) - S(k - 1)))^-beta

with u and S of `Footprint`. With q = 1 it is the law of Luo et al. (arXiv:2503.12811), with gamma = 0 as well the form
of the functional scaling law (arXiv:2509.19189); q = 0.8 predicts better where the rate is not near its best. The sum
starts in the warmup, so that B is what holding the reference rate costs against a rate of zero.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from d9d_lr.laws.footprint import FloatArray, Footprint

LOWEST_RATE = 1e-4

NAMES = ("ln_floor", "ln_amplitude", "ln_alpha", "ln_cost", "ln_speed", "ln_beta", "gamma")
"""The free numbers in the order of a parameter vector; logarithms of what must be positive."""


@dataclass(frozen=True)
class MultiPower:
    """The law with its numbers.

    Attributes:
        floor: L0, the loss that no training goes below.
        amplitude: A, what training until `reference_progress` leaves above the floor.
        alpha: How fast that shrinks with progress.
        cost: B, what holding the reference rate costs against a rate of zero.
        speed: c, how fast the loss answers to a change, per step at the reference rate.
        beta: How long the tail of the answer is.
        gamma: How much faster the answer is at a lower rate.
        reference_progress: S_ref.
    """

    floor: float
    amplitude: float
    alpha: float
    cost: float
    speed: float
    beta: float
    gamma: float
    reference_progress: float

    @classmethod
    def of_vector(cls, vector: FloatArray, reference_progress: float) -> MultiPower:
        """Returns the law for a vector in the order of `NAMES`."""
        floor, amplitude, alpha, cost, speed, beta = np.exp(vector[:6]).tolist()
        return cls(floor, amplitude, alpha, cost, speed, beta, float(vector[6]), reference_progress)

    def losses(self, seen: Footprint) -> FloatArray:
        """Returns L at each step of a footprint."""
        return self.losses_and_slopes(seen)[0]

    def losses_and_slopes(self, seen: Footprint) -> tuple[FloatArray, FloatArray]:
        """Returns L at each step, and its derivatives by the numbers of `NAMES`, one column each.

        With x = c u^-gamma (S(t) - S(k-1)), y = (1 + x)^-beta and g the change:
        dL/d ln c = B sum g y beta x / (1 + x), dL/d gamma the same terms times -ln u, dL/d ln beta =
        B sum g y beta ln(1 + x).
        """
        relative = seen.progress / self.reference_progress
        power = self.amplitude * relative**-self.alpha
        rates = np.maximum(seen.rates, LOWEST_RATE)
        since = np.maximum(seen.progress[:, None] - seen.progress_before, 0.0)
        x = self.speed * rates**-self.gamma * since
        stretched = np.log1p(x)
        left = np.exp(-self.beta * stretched)
        answer = self.cost * (1.0 - left) @ seen.changes
        slope = self.cost * self.beta * left * x / (1.0 + x)
        slopes = np.stack(
            [
                np.full_like(power, self.floor),
                power,
                -self.alpha * np.log(relative) * power,
                answer,
                slope @ seen.changes,
                self.cost * self.beta * (left * stretched) @ seen.changes,
                -slope @ (seen.changes * np.log(rates)),
            ],
            axis=1,
        )
        return self.floor + power + answer, slopes

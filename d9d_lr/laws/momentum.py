"""The momentum law, for comparison: a power law in the progress of a run, less what annealing has given so far.

    L(t) = L0 + A (S1(t) / S_ref)^-alpha - C S2(t)
    S1(t) = sum over k <= t of u_k,  S2(t) = (1 - lambda) sum over k <= t of m_k
    m_k = lambda m_{k-1} + (u_{k-1} - u_k)

with u of `Footprint` (Tissue et al., arXiv:2408.11029). Written out over the falls f_j = u_{j-1} - u_j of the rate,

    S2(t) = sum over j <= t of f_j (1 - lambda^(t - j + 1))

The factor 1 - lambda, which the paper has in C, makes C what a fall from the reference rate to zero gives in the end.
The sum starts at the first fall: what the warmup adds is constant where the law is fitted.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from d9d_lr.laws.footprint import FloatArray, Footprint

NAMES = ("ln_floor", "ln_amplitude", "ln_alpha", "ln_gain")
"""The free numbers in the order of a parameter vector; lambda is chosen among some."""


@dataclass(frozen=True)
class Momentum:
    """The law with its numbers.

    Attributes:
        floor: L0, the loss that no training goes below at the reference rate.
        amplitude: A, what training until `reference_progress` leaves above the floor.
        alpha: How fast that shrinks with progress.
        gain: C, what a fall from the reference rate to zero gives in the end.
        memory: lambda; a fall has given all but 1 / e of its gain after 1 / (1 - lambda) steps.
        reference_progress: S_ref.
    """

    floor: float
    amplitude: float
    alpha: float
    gain: float
    memory: float
    reference_progress: float

    @classmethod
    def of_vector(cls, vector: FloatArray, memory: float, reference_progress: float) -> Momentum:
        """Returns the law for a vector in the order of `NAMES`."""
        floor, amplitude, alpha, gain = np.exp(vector).tolist()
        return cls(floor, amplitude, alpha, gain, memory, reference_progress)

    def losses(self, seen: Footprint) -> FloatArray:
        """Returns L at each step of a footprint."""
        return self.losses_and_slopes(seen)[0]

    def losses_and_slopes(self, seen: Footprint) -> tuple[FloatArray, FloatArray]:
        """Returns L at each step, and its derivatives by the numbers of `NAMES`, one column each."""
        relative = seen.progress / self.reference_progress
        power = self.amplitude * relative**-self.alpha
        given = self.gain * self.annealing(seen)
        slopes = [np.full_like(power, self.floor), power, -self.alpha * np.log(relative) * power, -given]
        return self.floor + power - given, np.stack(slopes, axis=1)

    def annealing(self, seen: Footprint) -> FloatArray:
        """Returns S2 at each step of a footprint."""
        falls = np.where(np.logical_or.accumulate(seen.changes < 0), -seen.changes, 0.0)
        since = np.maximum(seen.steps[:, None] - seen.change_steps + 1.0, 0.0)
        return (1.0 - self.memory**since) @ falls

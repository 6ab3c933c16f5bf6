"""A finished run as the laws take it: the learning rate of every step, and the loss of those that were logged."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from d9d_lr.laws.footprint import FloatArray

_FULL = 0.999  # of the peak: where a warmup counts as over


@dataclass(frozen=True)
class LossCurve:
    """A run with its schedule and its losses.

    Attributes:
        name: What the run is called.
        learning_rates: The learning rate of each step, from step 0 to the last.
        steps: The logged steps, ascending.
        losses: The training loss of each logged step, positive.
        final_validation: The validation loss at the end; None if there is none.
    """

    name: str
    learning_rates: FloatArray
    steps: NDArray[np.int64]
    losses: FloatArray
    final_validation: float | None = None

    @property
    def total_steps(self) -> int:
        """How many steps the run has."""
        return len(self.learning_rates)

    @property
    def peak_lr(self) -> float:
        """The highest learning rate."""
        return float(self.learning_rates.max())

    @property
    def warmup_steps(self) -> int:
        """The first step that has the peak learning rate, all but a thousandth."""
        return int(np.argmax(self.learning_rates >= _FULL * self.peak_lr))

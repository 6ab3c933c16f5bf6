"""The learning rate of every step, from those of the steps that were logged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from d9d_lr.laws.footprint import FloatArray


def every_step(steps: NDArray[np.int64], rates: FloatArray, total_steps: int) -> FloatArray:
    """Returns the rate of each step: straight lines between logged steps, the last logged rate after them.

    Nothing is known from before the first logged step; a warmup from zero in step 0 is taken to lead there.

    Args:
        steps: The logged steps, ascending.
        rates: The rate of each.
        total_steps: Steps of the whole run.
    """
    known_steps, known_rates = (steps, rates) if steps[0] == 0 else (np.insert(steps, 0, 0), np.insert(rates, 0, 0.0))
    return np.interp(np.arange(total_steps), known_steps, known_rates)

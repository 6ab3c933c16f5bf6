"""Which peak a law likes best: whether that of the fitted runs is too high, by their own law."""

from __future__ import annotations

import numpy as np

from d9d_lr.laws.fixed_rules import wsd_20
from d9d_lr.laws.footprint import footprint
from d9d_lr.laws.law import Form

_LOWEST, _HIGHEST, _TRIED = 0.1, 4.0, 40


def best_peak(law: Form, *, total_steps: int, warmup_steps: int, exponent: float) -> float:
    """Returns the peak, in units of the fitted one, whose WSD 20 % ends lowest by the law; from a tenth to four times.

    The law was not fitted to tell other peaks. It says which side of the best one the fitted runs are on.
    """
    multipliers = wsd_20(total_steps, warmup_steps)
    factors = np.geomspace(_LOWEST, _HIGHEST, _TRIED)
    seen = [
        footprint(factor * multipliers, [total_steps - 1], reference_lr=1.0, exponent=exponent) for factor in factors
    ]
    return float(factors[int(np.argmin([law.losses(one)[0] for one in seen]))])

"""The best hold and decay by a law, and the peak that it likes best.

A schedule is a warmup, a hold, and a decay to zero with some power of its progress. A free form, found by gradients,
was lower by at most .0001 of the loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from d9d_lr.laws.fixed_rules import wsd_20
from d9d_lr.laws.footprint import FloatArray, footprint
from d9d_lr.laws.law import Form, Law, Prediction

FAMILIES: dict[str, tuple[float, ...]] = {
    "wsd": (0.5, 0.75, 1.0, 1.5, 2.0),
    "linear": (1.0,),
    "sqrt": (0.5,),
    "poly": (2.0,),
}
"""What a family is called, and the powers of the decay that are tried in it."""

_LATEST_DECAY = 0.95
_COARSE, _FINE = 0.05, 0.01
_LOWEST_PEAK, _HIGHEST_PEAK, _PEAKS = 0.1, 4.0, 40


@dataclass(frozen=True)
class Best:
    """The schedule of a family that a law likes best.

    Attributes:
        hold_until: Where the decay starts, as a fraction of the run, with two decimals.
        power: The power of the decay.
        prediction: Its final loss.
        rule: The final loss of WSD 20 %.
        gain: How far it is below that, relative.
        gain_error: How well that is known, relative.
    """

    hold_until: float
    power: float
    prediction: Prediction
    rule: Prediction
    gain: float
    gain_error: float


def best_of(law: Law, family: str, total_steps: int) -> Best:
    """Returns the best member of a family, to a hundredth of the run.

    Args:
        law: The law.
        family: A key of `FAMILIES`.
        total_steps: Steps of the run.
    """
    earliest = np.ceil(100 * law.warmup_steps / total_steps) / 100
    found = [_best_hold(law, power, total_steps, float(earliest)) for power in FAMILIES[family]]
    prediction, hold_until, power = min(found, key=lambda one: one[0].loss)
    rule = law.predict(law.reference_lr * wsd_20(total_steps, law.warmup_steps))
    gain = 1.0 - prediction.loss / rule.loss
    return Best(hold_until, power, prediction, rule, gain, law.gap_error(prediction, rule))


def hold_and_decay(total_steps: int, warmup_steps: int, hold_until: float, power: float) -> FloatArray:
    """Returns the multipliers: a linear warmup, 1 until a fraction of the run, then 1 - progress^power down to zero."""
    steps = np.arange(total_steps)
    start = int(hold_until * total_steps + 1e-9)
    progress = np.clip((steps - start) / max(1, total_steps - start), 0.0, 1.0)
    warmup = np.minimum(1.0, steps / warmup_steps) if warmup_steps else 1.0
    return warmup * (1.0 - progress**power)


def _best_hold(law: Law, power: float, total_steps: int, earliest: float) -> tuple[Prediction, float, float]:
    def predicted(hold_until: float) -> Prediction:
        multipliers = hold_and_decay(total_steps, law.warmup_steps, hold_until, power)
        return law.predict(law.reference_lr * multipliers)

    tried = _hundredths(earliest, max(earliest, _LATEST_DECAY), _COARSE)
    coarse = min(tried, key=lambda hold_until: predicted(hold_until).loss)
    near = _hundredths(max(earliest, coarse - _COARSE), min(_LATEST_DECAY, coarse + _COARSE), _FINE) or [coarse]
    fine = min(near, key=lambda hold_until: predicted(hold_until).loss)
    return predicted(fine), fine, power


def _hundredths(low: float, high: float, step: float) -> list[float]:
    return [round(float(value), 2) for value in np.arange(low, high + step / 2, step)]


def best_peak(law: Form, *, total_steps: int, warmup_steps: int, exponent: float) -> float:
    """Returns the peak, in units of the fitted one, whose WSD 20 % ends lowest by the law; from a tenth to four times.

    The law was not fitted to tell other peaks. It says which side of the best one the fitted runs are on.
    """
    multipliers = wsd_20(total_steps, warmup_steps)
    factors = np.geomspace(_LOWEST_PEAK, _HIGHEST_PEAK, _PEAKS)
    seen = [
        footprint(factor * multipliers, [total_steps - 1], reference_lr=1.0, exponent=exponent) for factor in factors
    ]
    return float(factors[int(np.argmin([law.losses(one)[0] for one in seen]))])

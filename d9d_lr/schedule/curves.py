"""Interpolation curves: how a multiplier moves from the start of a phase to its target.

A curve is a pure function of the start value `s`, the target `e` and the progress `p` through the phase, where `p` is 0
at the first step of the phase and would be 1 at its (exclusive) end step. Some are a function of `n` in place of `p`,
the steps since the phase began: `e` is what they tend to, and the next phase starts at the value really reached.

A curve is one class: its formula, and the fields that a configuration gives it, discriminated by `type`. The formulas
of linear, cosine, poly and exponential are those of the piecewise scheduler of the d9d framework, and agree with it to
the last bit; the d9d framework does not have the others. The array form agrees with the scalar form to the last bit,
which is why it calls `math` for what numpy rounds differently.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar, Literal, TypeAlias

import numpy as np

from d9d_lr.schedule.curve_base import CurveBase, FloatArray, each
from d9d_lr.schedule.fields import AboveZero, Multiplier

LOG_FLOOR = 1e-8
"""The exponential curve treats values below this as this: zero has no logarithm."""


@dataclass(frozen=True)
class CurveLinear(CurveBase):
    """A straight line: s + (e - s) p."""

    type: Literal["linear"] = field(default="linear", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        return start + (end - start) * step_p

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return start + (end - start) * step_p


@dataclass(frozen=True)
class CurveCosine(CurveBase):
    """Half a period of a cosine: e + (s - e)(1 + cos(pi p)) / 2 (SGDR, arXiv:1608.03983)."""

    type: Literal["cosine"] = field(default="cosine", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        return end + (start - end) * ((1 + math.cos(math.pi * step_p)) / 2)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return end + (start - end) * ((1 + each(math.cos, math.pi * step_p)) / 2)


@dataclass(frozen=True)
class CurvePoly(CurveBase):
    """A power of the progress: s + (e - s) p^power.

    Power 1 is linear; 0.5 on the way down is the "1-sqrt" cooldown of arXiv:2405.18392.

    Attributes:
        power: The exponent, above 0.
    """

    type: Literal["poly"] = field(default="poly", kw_only=True)
    power: AboveZero = 2.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        progress: float = step_p**self.power
        return start + (end - start) * progress

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return start + (end - start) * each(lambda p: p**self.power, step_p)


@dataclass(frozen=True)
class CurveExponential(CurveBase):
    """A straight line in log space, between max(s, 1e-8) and max(e, 1e-8)."""

    type: Literal["exponential"] = field(default="exponential", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        log_start, log_end = self._logs(start, end)
        return math.exp(log_start + (log_end - log_start) * step_p)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        log_start, log_end = self._logs(start, end)
        return each(math.exp, log_start + (log_end - log_start) * step_p)

    @staticmethod
    def _logs(start: float, end: float) -> tuple[float, float]:
        return math.log(max(start, LOG_FLOOR)), math.log(max(end, LOG_FLOOR))


@dataclass(frozen=True)
class CurveConstant(CurveBase):
    """The target throughout, from the first step on: e."""

    type: Literal["constant"] = field(default="constant", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        return end

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return np.full(step_p.shape, end, dtype=np.float64)


@dataclass(frozen=True)
class CurveOneMinusSqrt(CurveBase):
    """The root of the progress: s + (e - s) sqrt(p), the "1-sqrt" cooldown of arXiv:2405.18392."""

    type: Literal["one_minus_sqrt"] = field(default="one_minus_sqrt", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        return start + (end - start) * math.sqrt(step_p)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return start + (end - start) * np.sqrt(step_p)


@dataclass(frozen=True)
class CurvePolynomialDecay(CurveBase):
    """A power of what is left: e + (s - e)(1 - p)^power, as torch's PolynomialLR and transformers' polynomial.

    Attributes:
        power: The exponent, above 0; 1 is linear.
    """

    type: Literal["polynomial_decay"] = field(default="polynomial_decay", kw_only=True)
    power: AboveZero = 2.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        left: float = (1.0 - step_p) ** self.power
        return end + (start - end) * left

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return end + (start - end) * each(lambda left: left**self.power, 1.0 - step_p)


@dataclass(frozen=True)
class CurveInverseSqrt(CurveBase):
    """The inverse root of the steps: e + (s - e) sqrt(timescale / (timescale + n)), after arXiv:1706.03762.

    From the peak, with the warmup's length for a timescale and 0 for a target, it is the decay of the Transformer.

    Attributes:
        timescale: In steps, above 0; after three times as many, half of s - e is left.
        floor: A multiplier that it does not fall below, as in Megatron-LM; None for no floor.
    """

    by_steps: ClassVar[bool] = True
    step_fields: ClassVar[tuple[str, ...]] = ("timescale",)

    type: Literal["inverse_sqrt"] = field(default="inverse_sqrt", kw_only=True)
    timescale: AboveZero = 1000.0
    floor: Multiplier | None = None

    def compute(self, start: float, end: float, step_p: float) -> float:
        value = end + (start - end) * math.sqrt(self.timescale / (self.timescale + step_p))
        return value if self.floor is None else max(value, self.floor)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        values = end + (start - end) * np.sqrt(self.timescale / (self.timescale + step_p))
        return values if self.floor is None else np.maximum(values, self.floor)


@dataclass(frozen=True)
class CurvePowerLaw(CurveBase):
    """A negative power of the steps: e + (s - e)(timescale / (timescale + n))^exponent (Power, arXiv:2408.13359).

    Attributes:
        exponent: Above 0; 0.5 is `inverse_sqrt`.
        timescale: In steps, above 0.
    """

    by_steps: ClassVar[bool] = True
    step_fields: ClassVar[tuple[str, ...]] = ("timescale",)

    type: Literal["power_law"] = field(default="power_law", kw_only=True)
    exponent: AboveZero = 0.5
    timescale: AboveZero = 1000.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        left: float = (self.timescale / (self.timescale + step_p)) ** self.exponent
        return end + (start - end) * left

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        ratios = self.timescale / (self.timescale + step_p)
        return end + (start - end) * each(lambda ratio: ratio**self.exponent, ratios)


@dataclass(frozen=True)
class CurveInverseLinear(CurveBase):
    """A straight line in 1/m: s / ((s/e - 1) p + 1), the decay of WSD-S (arXiv:2410.05192)."""

    type: Literal["inverse_linear"] = field(default="inverse_linear", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        line: float = (start / end - 1) * step_p + 1
        return start / line

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return start / ((start / end - 1) * step_p + 1)

    def refusal(self, start: float, end: float) -> str:
        if start > 0 and end > 0 and math.isfinite(start / end):
            return ""
        return f"goes from {start:g} to {end:g}, and inverse_linear is 1 over a straight line: both must be above 0"


@dataclass(frozen=True)
class CurveExponentialHalving(CurveBase):
    """A halving, less what it leaves at the end: e + (s - e)(2 * 0.5^p - 1), Megatron-LM's "exponential" of WSD."""

    type: Literal["exponential_halving"] = field(default="exponential_halving", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        half: float = 0.5**step_p
        return end + (start - end) * (2.0 * half - 1.0)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return end + (start - end) * (2.0 * each(lambda p: 0.5**p, step_p) - 1.0)


@dataclass(frozen=True)
class CurveHalfLife(CurveBase):
    """Half of what is left every so many steps: e + (s - e) 0.5^(n / steps).

    With a target of 0 it is s 0.5^(n / steps), the decay of MiniCPM (arXiv:2404.06395).

    Attributes:
        steps: The half-life, in steps, above 0.
    """

    by_steps: ClassVar[bool] = True
    step_fields: ClassVar[tuple[str, ...]] = ("steps",)

    type: Literal["half_life"] = field(default="half_life", kw_only=True)
    steps: AboveZero = 100.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        left: float = 0.5 ** (step_p / self.steps)
        return end + (start - end) * left

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return end + (start - end) * each(lambda halvings: 0.5**halvings, step_p / self.steps)


@dataclass(frozen=True)
class CurveKDecayCosine(CurveBase):
    """A cosine of a power of the progress: e + (s - e)(1 + cos(pi p^k)) / 2 (k-decay, arXiv:2004.05909).

    Attributes:
        k: The power, above 0; 1 is `cosine`, above 1 the peak is kept for longer.
    """

    type: Literal["k_decay_cosine"] = field(default="k_decay_cosine", kw_only=True)
    k: AboveZero = 2.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        bent: float = step_p**self.k
        return end + (start - end) * ((1 + math.cos(math.pi * bent)) / 2)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        angles = math.pi * each(lambda p: p**self.k, step_p)
        return end + (start - end) * ((1 + each(math.cos, angles)) / 2)


@dataclass(frozen=True)
class CurveCosinePower(CurveBase):
    """A power of half a cosine: e + (s - e) [(1 + cos(pi p)) / 2]^power, levanter's cosine with an exponent.

    Attributes:
        power: The exponent, above 0; 1 is `cosine`, 0.5 a quarter of a period.
    """

    type: Literal["cosine_power"] = field(default="cosine_power", kw_only=True)
    power: AboveZero = 2.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        left: float = ((1 + math.cos(math.pi * step_p)) / 2) ** self.power
        return end + (start - end) * left

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        halves = (1 + each(math.cos, math.pi * step_p)) / 2
        return end + (start - end) * each(lambda half: half**self.power, halves)


@dataclass(frozen=True)
class CurveCosineTail(CurveBase):
    """The second half of a cosine: e + (s - e)(1 - sin(pi p / 2)), steep at first and level at the end.

    It goes on where half of `cosine` from 2s - e is done, as OLMo 3's schedule does when it is stretched in its middle.
    """

    type: Literal["cosine_tail"] = field(default="cosine_tail", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        return end + (start - end) * (1 - math.sin(math.pi * step_p / 2))

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        return end + (start - end) * (1 - each(math.sin, math.pi * step_p / 2))


@dataclass(frozen=True)
class CurveTanh(CurveBase):
    """Part of a hyperbolic tangent: e + (s - e)(1 - tanh(lower (1 - p) + upper p)) / 2 (HTD, arXiv:1806.01593).

    At p = 0 it is within (s - e)(1 + tanh(lower)) / 2 of s, and at p = 1 within (s - e)(1 - tanh(upper)) / 2 of e.

    Attributes:
        lower: Where on the tangent it begins, below `upper`.
        upper: Where it ends.
    """

    type: Literal["tanh"] = field(default="tanh", kw_only=True)
    lower: Multiplier = -7.0
    upper: Multiplier = 3.0

    def compute(self, start: float, end: float, step_p: float) -> float:
        return end + (start - end) * ((1 - math.tanh(self.lower * (1.0 - step_p) + self.upper * step_p)) / 2)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        along = self.lower * (1.0 - step_p) + self.upper * step_p
        return end + (start - end) * ((1 - each(math.tanh, along)) / 2)

    def refusal(self, start: float, end: float) -> str:
        return (
            "" if self.lower < self.upper else f"goes from {self.lower:g} to {self.upper:g}; lower must be below upper"
        )


Curve: TypeAlias = (
    CurveLinear
    | CurveCosine
    | CurvePoly
    | CurveExponential
    | CurveConstant
    | CurveOneMinusSqrt
    | CurvePolynomialDecay
    | CurveInverseSqrt
    | CurvePowerLaw
    | CurveInverseLinear
    | CurveExponentialHalving
    | CurveHalfLife
    | CurveKDecayCosine
    | CurveCosinePower
    | CurveCosineTail
    | CurveTanh
)
"""The packaged curves, discriminated by `type`."""

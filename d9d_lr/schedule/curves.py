"""Interpolation curves: how a multiplier moves from the start of a phase to its target.

A curve is a pure function of the start value `s`, the target `e` and the progress `p` through the phase, where `p` is 0
at the first step of the phase and would be 1 at its (exclusive) end step. The formulas of linear,
cosine, poly and exponential are those of the piecewise scheduler of the d9d framework, and agree with it to the last
bit; the array form agrees with the scalar form to the last bit too, which is why it calls `math` for what numpy rounds
differently.

A curve is one class: its formula, and the fields that a configuration gives it, told apart by `type`.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from d9d_lr.schedule.fields import AboveZero, Checked

LOG_FLOOR = 1e-8
"""The exponential curve treats values below this as this: zero has no logarithm."""

FloatArray = NDArray[np.float64]


class CurveBase(Checked, abc.ABC):
    """A curve between two multipliers. To add one of your own, derive a frozen dataclass from it."""

    @abc.abstractmethod
    def compute(self, start: float, end: float, step_p: float) -> float:
        """Returns the multiplier at progress `step_p`.

        Args:
            start: Multiplier at the start of the phase.
            end: Multiplier at the end of the phase.
            step_p: Progress through the phase, 0.0 to 1.0.
        """

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        """Returns what `compute` gives for each element of `step_p`, shape (n,)."""
        return _each(lambda p: self.compute(start, end, p), step_p)

    def __str__(self) -> str:
        """Returns what a curve is called in a table, such as 'poly, power 2'."""
        return ", ".join([self.label, *(f"{name} {value:g}" for name, value in self.parameters().items())])

    @property
    def label(self) -> str:
        """The name of its kind."""
        return str(getattr(self, "type", type(self).__name__))

    def parameters(self) -> dict[str, Any]:
        """Returns the fields that set one curve of a kind apart from another."""
        return {name: value for name, value in vars(self).items() if name != "type"}


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
        return end + (start - end) * ((1 + _each(math.cos, math.pi * step_p)) / 2)


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
        return start + (end - start) * _each(lambda p: p**self.power, step_p)


@dataclass(frozen=True)
class CurveExponential(CurveBase):
    """A straight line in log space, between max(s, 1e-8) and max(e, 1e-8)."""

    type: Literal["exponential"] = field(default="exponential", kw_only=True)

    def compute(self, start: float, end: float, step_p: float) -> float:
        log_start, log_end = self._logs(start, end)
        return math.exp(log_start + (log_end - log_start) * step_p)

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        log_start, log_end = self._logs(start, end)
        return _each(math.exp, log_start + (log_end - log_start) * step_p)

    @staticmethod
    def _logs(start: float, end: float) -> tuple[float, float]:
        return math.log(max(start, LOG_FLOOR)), math.log(max(end, LOG_FLOOR))


Curve: TypeAlias = CurveLinear | CurveCosine | CurvePoly | CurveExponential
"""The packaged curves, told apart by `type`."""


def _each(function: Callable[[float], float], values: FloatArray) -> FloatArray:
    return np.fromiter(map(function, values.tolist()), dtype=np.float64, count=len(values))

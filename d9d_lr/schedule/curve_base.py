"""What every interpolation curve is: a formula between two multipliers, scalar and vectorised."""

from __future__ import annotations

import abc
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from d9d_lr.schedule.fields import Checked

FloatArray = NDArray[np.float64]


@dataclass(frozen=True)
class CurveBase(Checked, abc.ABC):
    """A curve between two multipliers. To add one of your own, derive a frozen dataclass from it."""

    by_steps: ClassVar[bool] = False
    """Whether `compute` takes the steps since the phase began, in place of the progress through it."""

    step_fields: ClassVar[tuple[str, ...]] = ()
    """The fields that are numbers of steps, for a schedule that is stretched."""

    @abc.abstractmethod
    def compute(self, start: float, end: float, step_p: float) -> float:
        """Returns the multiplier at progress `step_p`.

        Args:
            start: Multiplier at the start of the phase.
            end: Multiplier at the end of the phase; with `by_steps`, what the curve tends to.
            step_p: Progress through the phase, 0.0 to 1.0; with `by_steps`, the steps since it began.
        """

    def compute_array(self, start: float, end: float, step_p: FloatArray) -> FloatArray:
        """Returns what `compute` gives for each element of `step_p`, shape (n,)."""
        return each(lambda p: self.compute(start, end, p), step_p)

    def refusal(self, start: float, end: float) -> str:
        """Returns why the curve cannot go from `start` to `end`; the empty string if it can."""
        return ""

    def __str__(self) -> str:
        """Returns what a curve is called in a table, such as 'poly, power 2'."""
        return ", ".join([self.label, *(f"{name} {value:g}" for name, value in self.parameters().items())])

    @property
    def label(self) -> str:
        """The name of its kind."""
        return str(getattr(self, "type", type(self).__name__))

    def parameters(self) -> dict[str, Any]:
        """Returns the fields that set one curve of a kind apart from another; one that is None sets nothing."""
        return {name: value for name, value in vars(self).items() if name != "type" and value is not None}


def each(function: Callable[[float], float], values: FloatArray) -> FloatArray:
    """Applies a scalar function, whose bits numpy's own would not give."""
    return np.fromiter(map(function, values.tolist()), dtype=np.float64, count=len(values))

"""Phases: how long each lasts as written, and where it lies once `total_steps` is known.

A mode of a phase is one class: the fields that a configuration gives it, told apart by `mode`, and where it ends.
"""

from __future__ import annotations

import abc
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Generic, Literal, TypeAlias, TypeVar

from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import Checked, Multiplier, RunFraction, StepCount, Steps

CurveT = TypeVar("CurveT", bound=CurveBase, covariant=True)
"""The curves that a phase may have: any in Python code, those that can be written down in a configuration."""


@dataclass(frozen=True, kw_only=True)
class PhaseBase(Checked, abc.ABC, Generic[CurveT]):
    """A phase as it is written, not yet placed on the step axis.

    Attributes:
        target_multiplier: Multiplier at the end of the curve, which is its own end if nothing below says otherwise.
        curve: How the multiplier gets there.
        ahead_steps: How many steps the curve runs ahead of the phase: with 1, its first step has what would else be
            the value of the second, and its last has the target, as in the warmup (t + 1) / W.
        curve_from: Step at which the curve begins, for a phase that enters it late; its own first step by default.
        curve_until: Step at which the curve ends, for a phase that leaves it early; its own end by default.
    """

    needs_total_steps: ClassVar[bool] = True
    """Whether its end depends on the length of the run."""

    only_last: ClassVar[bool] = False
    """Whether no phase may come after it."""

    length_field: ClassVar[str] = "mode"
    """The field to look at where its length does not fit."""

    target_multiplier: Multiplier
    curve: CurveT
    ahead_steps: StepCount = 0
    curve_from: StepCount | None = None
    curve_until: StepCount | None = None

    def laid_over(self, start_step: int, end_step: int) -> tuple[int, int] | None:
        """Returns the steps between which the curve lies, where they are not those of the phase."""
        begin = start_step if self.curve_from is None else self.curve_from
        end = end_step if self.curve_until is None else self.curve_until
        span = begin - self.ahead_steps, end - self.ahead_steps
        return None if span == (start_step, end_step) or start_step == end_step else span

    @abc.abstractmethod
    def end_step(self, start_step: int, total_steps: int) -> int:
        """Returns the (exclusive) end step of the phase if it starts at `start_step`.

        Args:
            start_step: Where the phase before it ends.
            total_steps: Steps of the whole run. Not to be used by a phase without `needs_total_steps`.
        """

    def written(self, total_steps: int) -> str:
        """Returns its length in the words of an error message."""
        return "this phase"


@dataclass(frozen=True, kw_only=True)
class PhaseSteps(PhaseBase[CurveT]):
    """A phase that lasts a number of steps.

    Attributes:
        steps: Its length in steps, above 0.
        target_multiplier: Multiplier at its end.
        curve: How the multiplier gets there.
    """

    needs_total_steps: ClassVar[bool] = False
    length_field: ClassVar[str] = "steps"

    mode: Literal["steps"] = "steps"
    steps: Steps

    def end_step(self, start_step: int, total_steps: int) -> int:
        return start_step + self.steps


@dataclass(frozen=True, kw_only=True)
class PhasePercentage(PhaseBase[CurveT]):
    """A phase that lasts until step floor(total_steps * percentage), exact on the decimal as written.

    Attributes:
        percentage: Where it ends, as a fraction of `total_steps`, 0.0 to 1.0.
        target_multiplier: Multiplier at its end.
        curve: How the multiplier gets there.
    """

    length_field: ClassVar[str] = "percentage"

    mode: Literal["percentage"] = "percentage"
    percentage: RunFraction

    def end_step(self, start_step: int, total_steps: int) -> int:
        return floor_fraction(total_steps, self.percentage)

    def written(self, total_steps: int) -> str:
        return f"{self.percentage} of {total_steps} steps"


@dataclass(frozen=True, kw_only=True)
class PhaseRest(PhaseBase[CurveT]):
    """A phase that lasts until the end of the run; only the last phase may be one.

    Attributes:
        target_multiplier: Multiplier at the end of the run.
        curve: How the multiplier gets there.
    """

    only_last: ClassVar[bool] = True

    mode: Literal["rest"] = "rest"

    def end_step(self, start_step: int, total_steps: int) -> int:
        return total_steps


Phase: TypeAlias = PhaseSteps[CurveT] | PhasePercentage[CurveT] | PhaseRest[CurveT]
"""The modes of a phase, told apart by `mode`."""


def floor_fraction(total_steps: int, percentage: float) -> int:
    """Returns floor(total_steps * percentage), exact on the decimal as written.

    0.57 of 10 000 is 5 700; the floating-point product is 5699.999... and would give 5 699.
    """
    return math.floor(total_steps * Fraction(repr(float(percentage))))

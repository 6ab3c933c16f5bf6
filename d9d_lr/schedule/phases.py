"""Phases: how long each lasts as written, and where it lies once `total_steps` is known."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, assert_never

from d9d_lr.schedule.curves import CurveBase

MAX_STEPS = 2**53
"""Step counts stay below this, where every integer is still exact as a float."""

PhaseMode = Literal["steps", "percentage", "rest"]


@dataclass(frozen=True)
class ForSteps:
    """Lasts `steps` steps."""

    steps: int


@dataclass(frozen=True)
class UntilPercentage:
    """Lasts until step floor(total_steps * percentage), with `percentage` a fraction from 0.0 to 1.0."""

    percentage: float


@dataclass(frozen=True)
class FillRest:
    """Lasts until `total_steps`."""


Length = ForSteps | UntilPercentage | FillRest


@dataclass(frozen=True)
class PhaseSpec:
    """A phase as it is written: not yet placed on the step axis."""

    length: Length
    target_multiplier: float
    curve: CurveBase


@dataclass(frozen=True)
class SchedulePhase:
    """A phase in its place.

    Attributes:
        mode: How its length was written.
        start_step: First step of the phase.
        end_step: The step after its last; equal to `start_step` for a jump.
        start_multiplier: Multiplier at `start_step`.
        target_multiplier: Multiplier at `end_step`.
        curve: What lies between.
    """

    mode: PhaseMode
    start_step: int
    end_step: int
    start_multiplier: float
    target_multiplier: float
    curve: CurveBase


def end_step(length: Length, start_step: int, total_steps: int | None) -> int:
    """Returns the (exclusive) end step of a phase that starts at `start_step`.

    Raises:
        ValueError: If the length needs `total_steps` and there is none.
    """
    match length:
        case ForSteps(steps):
            return start_step + steps
        case UntilPercentage(percentage):
            return floor_fraction(_required(total_steps), percentage)
        case FillRest():
            return _required(total_steps)
        case _:
            assert_never(length)


def mode_of(length: Length) -> PhaseMode:
    """Returns the name of a length's kind."""
    match length:
        case ForSteps():
            return "steps"
        case UntilPercentage():
            return "percentage"
        case FillRest():
            return "rest"
        case _:
            assert_never(length)


def floor_fraction(total_steps: int, percentage: float) -> int:
    """Returns floor(total_steps * percentage), exact on the decimal as written.

    0.57 of 10 000 is 5 700; the floating-point product is 5699.999... and would give 5 699.
    """
    return math.floor(total_steps * Fraction(repr(float(percentage))))


def _required(total_steps: int | None) -> int:
    if total_steps is None:
        raise ValueError("this phase needs total_steps, and none was given")
    return total_steps

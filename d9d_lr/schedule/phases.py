"""Phases as they are written: how long each lasts, and where it goes.

A mode of a phase is one class: the fields that a configuration gives it, discriminated by `mode`, and where it ends.
"""

from __future__ import annotations

import abc
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, ClassVar, Generic, Literal, Self, TypeAlias, TypeVar

from d9d_lr.diagnostics.limits import kind_in_words
from d9d_lr.diagnostics.problems import Problem
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import MAX_MULTIPLIER, Checked, Multiplier, RunFraction, StepCount, StepPosition, Steps
from d9d_lr.schedule.units import (
    NEEDS,
    UNITS,
    Amount,
    Unit,
    Units,
    amounts_given,
    beside,
    exact,
    floor_fraction,
    two_amounts,
)

CurveT = TypeVar("CurveT", bound=CurveBase, covariant=True)
"""The curves that a phase may have: any in Python code, those that can be written down in a configuration."""

LEVELS = ("multiplier", "lr", "value")
"""What a level may be written as. Beyond the configuration there are multipliers only."""


@dataclass(frozen=True, kw_only=True)
class PhaseBase(Checked, abc.ABC, Generic[CurveT]):
    """A phase as it is written, not yet placed on the step axis.

    Attributes:
        target_multiplier: Multiplier where its curve ends, which is its own end if nothing below says otherwise; a
            curve of the steps tends to it.
        target_lr: The same as a learning rate, in place of `target_multiplier`.
        target_value: The same as a value of another hyperparameter that is scheduled, such as a weight decay.
        start_multiplier: Multiplier at its first step; by default the one that the phase before it ended at.
        start_lr: The same as a learning rate.
        start_value: The same as a value of another hyperparameter.
        curve: How the multiplier gets there.
        ahead_steps: How many steps the curve runs ahead of the phase: with 1, its first step has what would else be
            the value of the second, and its last has the target, as in the warmup (t + 1) / W.
        curve_from: Step at which the curve begins, for a phase that enters it late; its own first step by default.
            Below 0 where the curve began before the run.
        curve_until: Step at which the curve ends, for a phase that leaves it early; its own end by default.
    """

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        **Checked.__pydantic_config__,
        "json_schema_extra": {"anyOf": [{"required": [f"target_{kind}"]} for kind in LEVELS]},
    }

    only_last: ClassVar[bool] = False
    """Whether no phase may come after it."""

    target_multiplier: Multiplier | None = None
    target_lr: Multiplier | None = None
    target_value: Multiplier | None = None
    start_multiplier: Multiplier | None = None
    start_lr: Multiplier | None = None
    start_value: Multiplier | None = None
    curve: CurveT
    ahead_steps: StepCount = 0
    curve_from: StepPosition | None = None
    curve_until: StepCount | None = None

    def laid_over(self, start_step: int, end_step: int) -> tuple[int, int] | None:
        """Returns the steps between which the curve lies, where they are not those of the phase."""
        begin = start_step if self.curve_from is None else self.curve_from
        end = end_step if self.curve_until is None else self.curve_until
        span = begin - self.ahead_steps, end - self.ahead_steps
        return None if span == (start_step, end_step) or start_step == end_step else span

    @abc.abstractmethod
    def end_step(self, start_step: int, units: Units) -> int:
        """Returns the (exclusive) end step of the phase if it starts at `start_step`."""

    def exact_end(self, start_step: int | Fraction, units: Units) -> Fraction:
        """Returns where the phase ends, in steps that are not yet rounded down."""
        return start_step + Fraction(self.end_step(0, units))

    def needs(self) -> set[str]:
        """Returns the attributes of `Units` without which its end is not known."""
        return {"total_steps"}

    @property
    def length_field(self) -> str:
        """The field to look at where its length does not fit."""
        return "mode"

    def written(self, units: Units) -> str:
        """Returns its length in the words of an error message."""
        return "this phase"

    def in_multipliers(self, references: Mapping[str, float]) -> Self:
        """Returns the phase with its learning rates and values as multiples of the reference of each."""
        if not any(map(self.levels_of, LEVELS[1:])):
            return self
        levels: dict[str, Any] = {}
        for end in ("target", "start"):
            levels[f"{end}_multiplier"] = getattr(self, f"{end}_multiplier")
            for kind in LEVELS[1:]:
                level = getattr(self, f"{end}_{kind}")
                if level is not None:
                    levels[f"{end}_multiplier"] = level / references[kind]
                levels[f"{end}_{kind}"] = None
        return replace(self, **levels)

    def levels_of(self, kind: str) -> list[str]:
        """Returns the fields that are written as a learning rate, or as a value; each needs a reference."""
        return [name for name in (f"target_{kind}", f"start_{kind}") if getattr(self, name) is not None]

    def scaled(self, factor: float) -> Self:
        """Returns the phase, its levels multipliers by now, with each of them multiplied."""
        if factor == 1.0:
            return self
        start = None if self.start_multiplier is None else self.start_multiplier * factor
        target = None if self.target_multiplier is None else self.target_multiplier * factor
        return replace(self, start_multiplier=start, target_multiplier=target)

    def stretched(self, ratio: Fraction) -> Self:
        """Returns the phase with its own numbers of steps, other than its length, multiplied."""
        steps: dict[str, Any] = {
            name: float(exact(getattr(self.curve, name)) * ratio) for name in self.curve.step_fields
        }
        return replace(
            self,
            curve=replace(self.curve, **steps),
            curve_from=None if self.curve_from is None else math.floor(self.curve_from * ratio),
            curve_until=None if self.curve_until is None else math.floor(self.curve_until * ratio),
        )

    def cross_problems(self) -> Iterator[Problem]:
        for end in ("target", "start"):
            given = [f"{end}_{kind}" for kind in LEVELS if getattr(self, f"{end}_{kind}") is not None]
            if not given and end == "target":
                limits = {"ge": -MAX_MULTIPLIER, "le": MAX_MULTIPLIER}
                yield Problem("target_multiplier", f"is missing; it must be {kind_in_words(float, limits)}")
            for name in given[:-1]:
                yield beside(name, getattr(self, name), given[-1], getattr(self, given[-1]))


@dataclass(frozen=True, kw_only=True)
class PhaseSteps(PhaseBase[CurveT]):
    """A phase that lasts a number of steps.

    Attributes:
        steps: Its length in steps, above 0.
    """

    mode: Literal["steps"] = "steps"
    steps: Steps

    def end_step(self, start_step: int, units: Units) -> int:
        return start_step + math.floor(units.steps_for("steps", Fraction(self.steps)))

    def needs(self) -> set[str]:
        return set()

    @property
    def length_field(self) -> str:
        return "steps"


@dataclass(frozen=True, kw_only=True)
class PhasePercentage(PhaseBase[CurveT]):
    """A phase that lasts until step floor(total_steps * percentage), exact on the decimal as written.

    Attributes:
        percentage: Where it ends, as a fraction of `total_steps`, 0.0 to 1.0.
    """

    mode: Literal["percentage"] = "percentage"
    percentage: RunFraction

    def end_step(self, start_step: int, units: Units) -> int:
        return floor_fraction(units.run_steps(), self.percentage)

    @property
    def length_field(self) -> str:
        return "percentage"

    def written(self, units: Units) -> str:
        return f"{self.percentage} of {units.total_steps} steps"


@dataclass(frozen=True, kw_only=True)
class PhaseRest(PhaseBase[CurveT]):
    """A phase that lasts until the end of the run; only the last phase may be one."""

    only_last: ClassVar[bool] = True

    mode: Literal["rest"] = "rest"

    def end_step(self, start_step: int, units: Units) -> int:
        return units.run_steps()


@dataclass(frozen=True, kw_only=True)
class PhaseAmount(PhaseBase[CurveT]):
    """A phase whose length is an amount, in exactly one unit. It ends at the last step wholly inside the amount.

    Attributes:
        steps: In steps.
        epochs: In passes over the training data; `steps_per_epoch` must be known.
        samples: In examples; `samples_per_step` must be known. Of 1.2M, 3B and 1T the letter may be written.
        tokens: In tokens; `tokens_per_step` must be known.
        fraction: As a fraction of the run, 0.0 to 1.0.
    """

    steps: StepCount | None = None
    epochs: Amount | None = None
    samples: Amount | None = None
    tokens: Amount | None = None
    fraction: RunFraction | None = None

    def end_step(self, start_step: int, units: Units) -> int:
        return math.floor(self.exact_end(start_step, units))

    @abc.abstractmethod
    def exact_end(self, start_step: int | Fraction, units: Units) -> Fraction:
        """Returns where the phase ends, in steps that are not yet rounded down."""

    def needs(self) -> set[str]:
        return {NEEDS[self.unit]} if self.unit in NEEDS else set()

    @property
    def unit(self) -> Unit:
        """The unit of the amount."""
        return amounts_given(self)[0]

    @property
    def amount(self) -> Fraction:
        """The amount, exact on the decimal as written."""
        return exact(getattr(self, self.unit))

    @property
    def length_field(self) -> str:
        return self.unit

    def written(self, units: Units) -> str:
        amount = getattr(self, self.unit)
        return f"{amount} of {units.total_steps} steps" if self.unit == "fraction" else f"{amount:.12g} {self.unit}"

    def cross_problems(self) -> Iterator[Problem]:
        yield from super().cross_problems()
        if not amounts_given(self):
            yield Problem("fraction", f"is missing; there must be one of {', '.join(UNITS)}")
        yield from two_amounts(self)


@dataclass(frozen=True, kw_only=True)
class PhaseLasts(PhaseAmount[CurveT]):
    """A phase that lasts an amount from where it starts."""

    mode: Literal["lasts"] = "lasts"

    def exact_end(self, start_step: int | Fraction, units: Units) -> Fraction:
        return units.steps_for(self.unit, units.amount_after(self.unit, start_step) + self.amount)


@dataclass(frozen=True, kw_only=True)
class PhaseUntil(PhaseAmount[CurveT]):
    """A phase that lasts until the run has done an amount."""

    mode: Literal["until"] = "until"

    def exact_end(self, start_step: int | Fraction, units: Units) -> Fraction:
        return units.steps_for(self.unit, self.amount)


@dataclass(frozen=True, kw_only=True)
class PhaseBeforeEnd(PhaseAmount[CurveT]):
    """A phase that lasts until an amount is left of the run."""

    mode: Literal["before_end"] = "before_end"

    def exact_end(self, start_step: int | Fraction, units: Units) -> Fraction:
        return units.steps_for(self.unit, units.total(self.unit) - self.amount)

    def needs(self) -> set[str]:
        return super().needs() | {"total_steps"}

    def written(self, units: Units) -> str:
        return f"{super().written(units)} before the end"


Phase: TypeAlias = (
    PhaseSteps[CurveT]
    | PhasePercentage[CurveT]
    | PhaseRest[CurveT]
    | PhaseLasts[CurveT]
    | PhaseUntil[CurveT]
    | PhaseBeforeEnd[CurveT]
)
"""The modes of a phase, discriminated by `mode`."""

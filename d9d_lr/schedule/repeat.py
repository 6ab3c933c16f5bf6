"""Phases that are gone through again and again: cycles, and warm restarts.

SGDR (arXiv:1608.03983) and WSD-S (arXiv:2410.05192) are such schedules. Each cycle is a run of its own: its phases are
placed as those of a run that is as long as the cycle. What comes out are plain phases, one behind the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import islice
from typing import Any, ClassVar, Literal, Self

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import AboveZero, AtLeastOne, Checked, RunFraction, StepCount, StepPosition, Steps
from d9d_lr.schedule.phases import Phase
from d9d_lr.schedule.units import NEEDS, Amount, Unit, Units, amounts_given, exact, two_amounts

MAX_CYCLES = 10_000
"""Each is resolved to phases of its own."""


@dataclass(frozen=True, kw_only=True)
class Repeat(Checked):
    """Phases that are repeated: a number of times over a span, in cycles of a length until the span ends, or both.

    With N cycles over L steps and growth g, cycle k ends floor(L (1 + g + ... + g^k) / (1 + g + ... + g^(N - 1))) steps
    after the first one began; in cycles of C steps, floor(C (1 + g + ... + g^k)) steps after. The d9d framework does
    not have it.

    Attributes:
        phases: The phases of one cycle, each as in a run of its length; after them the multiplier stays.
        times: How many cycles there are.
        cycle_steps: Steps of the first cycle; the last one is left where the span ends. With `times` there is no other
            span: that many cycles, the first of that length.
        growth: How many times as long as the one before it a cycle is, from 1.
        scale: How many times as high as the one before it a cycle is: what its phases' multipliers are multiplied with.
        scaled: Which of them: all of their levels, or their starts, so that the low end of each cycle stays.
        cycles_from: Step at which the first cycle begins, for one that is entered late; the first step by default.
        steps: The span, in steps; by default it lasts until the end of the run. Only one of these is set.
        epochs: The span, in passes over the training data.
        samples: The span, in examples.
        tokens: The span, in tokens.
        fraction: The span, as a fraction of the run.
    """

    mode: Literal["repeat"] = "repeat"
    phases: Sequence[Phase[CurveBase]]
    times: Steps | None = None
    cycle_steps: Steps | None = None
    growth: AtLeastOne = 1.0
    scale: AboveZero = 1.0
    scaled: Literal["levels", "starts"] = "levels"
    cycles_from: StepPosition | None = None
    steps: StepCount | None = None
    epochs: Amount | None = None
    samples: Amount | None = None
    tokens: Amount | None = None
    fraction: RunFraction | None = None

    __pydantic_config__: ClassVar[dict[str, Any]] = {
        **Checked.__pydantic_config__,
        "json_schema_extra": {"anyOf": [{"required": ["times"]}, {"required": ["cycle_steps"]}]},
    }

    @property
    def only_last(self) -> bool:
        """Whether nothing may come after it."""
        return self.unit is None and not self._is_counted

    @property
    def _is_counted(self) -> bool:
        """Whether its cycles say how long it lasts."""
        return self.times is not None and self.cycle_steps is not None

    @property
    def unit(self) -> Unit | None:
        """The unit of the span; None where it lasts until the end of the run."""
        return next(iter(amounts_given(self)), None)

    @property
    def length_field(self) -> str:
        """The field to look at where its length does not fit."""
        return self.unit or "mode"

    def written(self, units: Units) -> str:
        """Returns its length in the words of an error message."""
        return "these cycles"

    def end_step(self, start_step: int, units: Units) -> int:
        """Returns the (exclusive) end step of the span if it starts at `start_step`."""
        return math.floor(self.exact_end(start_step, units))

    def exact_end(self, start_step: int | Fraction, units: Units) -> Fraction:
        """Returns where the span ends, in steps that are not yet rounded down."""
        if self.times is not None and self.cycle_steps is not None:
            growth = exact(self.growth)
            length = self.cycle_steps * sum((growth**k for k in range(self.times)), Fraction(0))
            return start_step + units.steps_for("steps", length)
        if self.unit is None:
            return Fraction(units.run_steps())
        amount = exact(getattr(self, self.unit))
        return units.steps_for(self.unit, units.amount_after(self.unit, start_step) + amount)

    def cycles(self, start_step: int, end_step: int, units: Units) -> Iterator[tuple[int, int]]:
        """Yields where each cycle begins and ends; the last one may end after the span."""
        begin = start_step if self.cycles_from is None else self.cycles_from
        growth, length, size, done = exact(self.growth), Fraction(end_step - begin), Fraction(1), Fraction(0)
        if self.times is not None and self.cycle_steps is None:
            first = length / sum((growth**k for k in range(self.times)), Fraction(0))
        else:
            first = units.steps_for("steps", Fraction(self.cycle_steps or 1))
        last, number = begin, 0
        while number < self.times if self.times is not None else last < end_step:
            done, size, number = done + first * size, size * growth, number + 1
            yield last, (last := begin + math.floor(done))

    def refusal(self, start_step: int, end_step: int, units: Units) -> Problem | None:
        """Returns why the span has no room for its cycles; None if it has. Only a stretched cycle may have no step."""
        begin = start_step if self.cycles_from is None else self.cycles_from
        if begin > start_step:
            message = f"the first cycle begins at step {begin}, after this phase, which begins at step {start_step}"
            return Problem("cycles_from", message)
        field = "times" if self.times is not None else "cycle_steps"
        too_many = Problem(field, f"{getattr(self, field)} gives more than {MAX_CYCLES} cycles")
        if self.times is not None and self.times > MAX_CYCLES:
            return too_many
        first = list(islice(self.cycles(start_step, end_step, units), MAX_CYCLES + 1))
        if len(first) > MAX_CYCLES:
            return too_many
        if units.stretch == 1 and any(one == other for one, other in first):
            return Problem(field, f"the {end_step - begin} steps from {begin} on have no room for so many cycles")
        return None

    def phases_of(self, number: int) -> list[Phase[CurveBase]]:
        """Returns the phases of a cycle, their multipliers those of its height."""
        return [phase.scaled(self.scale**number, starts_only=self.scaled == "starts") for phase in self.phases]

    def needs(self) -> set[str]:
        """Returns the attributes of `Units` without which its end, or that of a phase, is not known."""
        inside = {need for phase in self.phases for need in phase.needs()} - {"total_steps"}
        if self._is_counted:
            return inside
        own = {"total_steps"} if self.unit is None else {NEEDS[self.unit]} if self.unit in NEEDS else set()
        return own | inside

    def in_multipliers(self, references: Mapping[str, float]) -> Self:
        """Returns it with the learning rates and values of its phases as multiples of the reference of each."""
        return replace(self, phases=tuple(phase.in_multipliers(references) for phase in self.phases))

    def levels_of(self, kind: str) -> list[str]:
        """Returns the fields of its phases that are written as a learning rate, or as a value."""
        return [f"phases.{place}.{name}" for place, one in enumerate(self.phases) for name in one.levels_of(kind)]

    def stretched(self, ratio: Fraction) -> Self:
        """Returns it with its own numbers of steps, and those of its phases, multiplied."""
        begin = None if self.cycles_from is None else math.floor(self.cycles_from * ratio)
        return replace(self, phases=tuple(phase.stretched(ratio) for phase in self.phases), cycles_from=begin)

    def cross_problems(self) -> Iterator[Problem]:
        """Returns what is wrong with several fields taken together."""
        if self.times is None and self.cycle_steps is None:
            yield Problem("times", "is missing; there must be times or cycle_steps")
        if self.times is not None and self.cycle_steps is not None and self.unit is not None:
            message = f"{self.times} stands beside cycle_steps, {self.cycle_steps}, and {self.unit}; two of them may"
            yield Problem("times", message, "type times=null")
        yield from two_amounts(self)
        for place, phase in enumerate(self.phases[:-1]):
            if phase.only_last:
                yield Problem(f"phases.{place}.mode", f"a {phase.mode} phase must be the last one of a cycle")

"""Placing phases on the step axis, with every reason why they do not fit."""

from __future__ import annotations

import math
import numbers
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import TypeAlias

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch_sizes import batch_problems, level_problems, share_of
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import CurveConstant
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.phases import Phase
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase
from d9d_lr.schedule.rampup import Rampup
from d9d_lr.schedule.repeat import Repeat
from d9d_lr.schedule.units import Units

Placeable: TypeAlias = Phase[CurveBase] | Repeat
"""What can be placed on the step axis."""

Entry: TypeAlias = Placeable | Rampup
"""What stands in a list of phases."""

_NOT_REPEATED = "a batch size is not repeated: write its phases out"
_ONLY_A_BATCH = "is a ramp of the batch size, and this is not one"
_ITS_PLACE = "its place is +lr@schedules.batch_size=batch_size/megatron_rampup"


def resolve(
    initial_multiplier: float,
    phases: Sequence[Entry],
    units: Units,
    positions: Sequence[str] | None = None,
    *,
    full_batch: int | None = None,
) -> Schedule:
    """Places phases end to end from step 0.

    Args:
        initial_multiplier: Multiplier at step 0.
        phases: The phases as written, in order, their learning rates as multipliers.
        units: How the units of the phases are counted in steps; `total_steps` may be None if no phase needs it.
        positions: What each phase is called in an error, `phases.<position>`; its index by default.
        full_batch: Examples of a full batch, where the batch size is what is scheduled. Its phases in samples, tokens
            or epochs are then counted with their own batch, and each must be a constant whole number of examples.

    Returns:
        The schedule.

    Raises:
        ConfigError: With every problem: no phases, `total_steps` or what a unit needs missing, `total_steps` not from
            1 to 2**53, a phase that would end before it starts or after `total_steps`, `rest` before the last phase, a
            curve that cannot go from where it starts to its target, cycles that do not fit, a ramp of the batch.
    """
    names = [f"phases.{position}" for position in (positions or range(len(phases)))]
    named, problems = _placeable(names, phases)
    problems += [*_unit_problems(named, units), *(() if problems else _order_problems(named))]
    if full_batch is not None:
        problems += [Problem(name, _NOT_REPEATED) for name, phase in named if isinstance(phase, Repeat)]
        problems += batch_problems([(n, phase) for n, phase in named if not isinstance(phase, Repeat)], full_batch)
    if problems:
        raise ConfigError(problems)
    allowed = f"total_steps is {units.total_steps}" if units.total_steps else f"at most {MAX_STEPS} are possible"
    line = _Line(units, float(initial_multiplier), allowed, full_batch)
    line.place_all(named)
    if line.problems:
        raise ConfigError(line.problems)
    return Schedule(float(initial_multiplier), tuple(line.placed), units.total_steps)


def _placeable(names: Sequence[str], phases: Sequence[Entry]) -> tuple[list[tuple[str, Placeable]], list[Problem]]:
    """Returns what can be placed, and a problem for each ramp of the batch, which is phases of its own by now."""
    pairs = list(zip(names, phases, strict=True))
    ramps = [Problem(f"{name}.mode", _ONLY_A_BATCH, _ITS_PLACE) for name, phase in pairs if isinstance(phase, Rampup)]
    return [(name, phase) for name, phase in pairs if not isinstance(phase, Rampup)], ramps


@dataclass
class _Line:
    """Phases placed so far, from step 0 of a run or of a cycle.

    Attributes:
        units: How units are counted in it.
        multiplier: The one that the next phase starts with.
        allowed: How long it may be, in words.
        full_batch: Examples of a full batch, if the batch size is what is scheduled.
        cursor: The step that the next phase starts at.
        exact_cursor: The same of a stretched schedule, before it is rounded down.
    """

    units: Units
    multiplier: float
    allowed: str
    full_batch: int | None = None
    cursor: int = 0
    exact_cursor: Fraction = Fraction(0)
    placed: list[SchedulePhase] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def place_all(self, named: Sequence[tuple[str, Placeable]]) -> None:
        for name, phase in named:
            if self.full_batch is not None and not isinstance(phase, Repeat):
                self.units = self.units.batch_from(self.cursor, share_of(phase, self.full_batch))
            end = self._end(phase)
            if end < self.cursor:
                self.problems.append(_goes_back(phase, name, end, self.cursor, self.units))
                end = self.cursor
            elif end > (self.units.total_steps or MAX_STEPS):
                self.problems.append(self._too_long(phase, name, end))
                return
            if isinstance(phase, Repeat):
                self._place_cycles(phase, name, end)
            else:
                self._place(phase, name, end)

    def _end(self, phase: Placeable) -> int:
        """Returns the end step of the next phase; that of a stretched schedule rests on no other that was rounded."""
        if self.units.stretch == 1:
            return phase.end_step(self.cursor, self.units)
        self.exact_cursor = phase.exact_end(self.exact_cursor, self.units)
        return math.floor(self.exact_cursor)

    def fill(self) -> None:
        """Stays where the phases ended for the rest of the run."""
        end = self.units.run_steps()
        if self.cursor < end:
            last = self.placed[-1]
            at = last.end_multiplier
            self.placed.append(SchedulePhase("rest", self.cursor, end, at, at, CurveConstant(), place=last.place))

    def _place(self, phase: Phase[CurveBase], name: str, end: int) -> None:
        spans = list(_span_problems(phase, name, self.cursor, end))
        one = _placed(phase, name, self.cursor, end, self.multiplier)
        refusal = one.refusal()
        self.problems += [*spans, *([Problem(f"{name}.curve", refusal)] if refusal else [])]
        if self.full_batch is not None:
            self.problems += level_problems(one, name, self.full_batch)
        self.placed.append(one)
        self.cursor, self.multiplier = end, one.target_multiplier if spans or refusal else one.end_multiplier

    def _place_cycles(self, repeat: Repeat, name: str, end: int) -> None:
        start, places = self.cursor, [f"{name}.phases.{place}" for place in range(len(repeat.phases))]
        wrong = repeat.refusal(start, end, self.units)
        if wrong:
            self.problems.append(wrong.below(name))
            return
        for number, (begin, stop) in enumerate(repeat.cycles(start, end, self.units)):
            if begin == stop:
                continue
            units = replace(self.units, total_steps=stop - begin, batch=self.units.batch.since(begin))
            cycle = _Line(units, self.multiplier, f"the cycle that begins at step {begin} has {stop - begin}")
            cycle.place_all(list(zip(places, repeat.phases_of(number), strict=True)))
            if cycle.problems:
                self.problems += cycle.problems
                break
            cycle.fill()
            moved = [_cut(_moved(phase, begin), start, end) for phase in cycle.placed]
            self.placed += [phase for phase in moved if phase is not None]
            self.multiplier = self.placed[-1].end_multiplier if self.placed else self.multiplier
        self.cursor = end

    def _too_long(self, phase: Placeable, name: str, end: int) -> Problem:
        message = f"up to here the phases need {end} steps, {self.allowed}"
        return Problem(f"{name}.{phase.length_field}", message, "shorten the phases or raise total_steps")


def _placed(phase: Phase[CurveBase], name: str, start: int, end: int, multiplier: float) -> SchedulePhase:
    assert phase.target_multiplier is not None, "learning rates are multipliers by now"
    first = multiplier if phase.start_multiplier is None else phase.start_multiplier
    span = phase.laid_over(start, end)
    place = name.removeprefix("phases.")
    return SchedulePhase(phase.mode, start, end, first, phase.target_multiplier, phase.curve, span, place)


def _moved(phase: SchedulePhase, steps: int) -> SchedulePhase:
    span = phase.laid_over and (phase.laid_over[0] + steps, phase.laid_over[1] + steps)
    return replace(phase, start_step=phase.start_step + steps, end_step=phase.end_step + steps, laid_over=span)


def _cut(phase: SchedulePhase, first: int, end: int) -> SchedulePhase | None:
    """Returns what of a phase lies within [first, end), its curve where it was; None if nothing does."""
    start, stop = max(phase.start_step, first), min(phase.end_step, end)
    if (start, stop) == (phase.start_step, phase.end_step):
        return phase
    if start >= stop:
        return None
    return replace(
        phase, start_step=start, end_step=stop, laid_over=phase.laid_over or (phase.start_step, phase.end_step)
    )


def _unit_problems(named: Sequence[tuple[str, Placeable]], units: Units) -> Iterator[Problem]:
    for need in sorted({need for _, phase in named for need in phase.needs()}):
        if not units.knows(need):
            first = next(name for name, phase in named if need in phase.needs())
            yield Problem(need, f"is missing; {first} needs it", f"type {need}=NUMBER" if need != "total_steps" else "")
    if units.total_steps is None:
        return
    if not isinstance(units.total_steps, numbers.Integral):
        yield Problem("total_steps", f"{units.total_steps} is not allowed; it must be a whole number")
    elif not 0 < units.total_steps <= MAX_STEPS:
        yield Problem("total_steps", f"{units.total_steps} is not allowed; it must be from 1 to {MAX_STEPS}")


def _order_problems(named: Sequence[tuple[str, Placeable]]) -> Iterator[Problem]:
    if not named:
        yield Problem("phases", "there are none; a schedule needs at least one phase")
    for name, phase in named[:-1]:
        if phase.only_last:
            message = f"a {phase.mode} phase must be the last one, and {named[-1][0]} comes after it"
            yield Problem(f"{name}.mode", message)


def _goes_back(phase: Placeable, name: str, end: int, cursor: int, units: Units) -> Problem:
    message = f"{phase.written(units)} ends at step {end}, before step {cursor}, where the phases before it end"
    return Problem(f"{name}.{phase.length_field}", message)


def _span_problems(phase: Phase[CurveBase], name: str, start: int, end: int) -> Iterator[Problem]:
    """A curve may begin before its phase and end after it; where it does not cover it, there is nothing to follow."""
    if phase.curve_from is not None and phase.curve_from > start:
        message = f"the curve begins at step {phase.curve_from}, after the phase, which begins at step {start}"
        yield Problem(f"{name}.curve_from", message)
    if phase.curve_until is not None and phase.curve_until < end:
        message = f"the curve ends at step {phase.curve_until}, before the phase, which ends at step {end}"
        yield Problem(f"{name}.curve_until", message)

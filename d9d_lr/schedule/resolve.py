"""Placing phases on the step axis, with every reason why they do not fit."""

from __future__ import annotations

import numbers
from collections.abc import Iterator, Sequence

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch_sizes import batch_problems, level_problems, share_of
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.phases import Phase
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase
from d9d_lr.schedule.units import Units


def resolve(
    initial_multiplier: float,
    phases: Sequence[Phase[CurveBase]],
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
            curve that cannot go from where it starts to its target.
    """
    named = list(zip([f"phases.{position}" for position in (positions or range(len(phases)))], phases, strict=True))
    problems = [*_unit_problems(named, units), *_order_problems(named)]
    if full_batch is not None:
        problems += batch_problems(named, full_batch)
    if problems:
        raise ConfigError(problems)

    placed: list[SchedulePhase] = []
    cursor, multiplier = 0, float(initial_multiplier)
    for name, phase in named:
        if full_batch is not None:
            units = units.batch_from(cursor, share_of(phase, full_batch))
        end = phase.end_step(cursor, units)
        if end < cursor:
            problems.append(_goes_back(phase, name, end, cursor, units))
            end = cursor
        elif end > (units.total_steps or MAX_STEPS):
            problems.append(_too_long(phase, name, end, units.total_steps))
            break
        spans = list(_span_problems(phase, name, cursor, end))
        one = _placed(phase, cursor, end, multiplier)
        refusal = one.refusal()
        problems += [*spans, *([Problem(f"{name}.curve", refusal)] if refusal else [])]
        if full_batch is not None:
            problems += level_problems(one, name, full_batch)
        placed.append(one)
        cursor, multiplier = end, one.target_multiplier if spans or refusal else one.end_multiplier
    if problems:
        raise ConfigError(problems)
    return Schedule(float(initial_multiplier), tuple(placed), units.total_steps)


def _placed(phase: Phase[CurveBase], start: int, end: int, multiplier: float) -> SchedulePhase:
    assert phase.target_multiplier is not None, "learning rates are multipliers by now"
    first = multiplier if phase.start_multiplier is None else phase.start_multiplier
    span = phase.laid_over(start, end)
    return SchedulePhase(phase.mode, start, end, first, phase.target_multiplier, phase.curve, span)


def _unit_problems(named: Sequence[tuple[str, Phase[CurveBase]]], units: Units) -> Iterator[Problem]:
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


def _order_problems(named: Sequence[tuple[str, Phase[CurveBase]]]) -> Iterator[Problem]:
    if not named:
        yield Problem("phases", "there are none; a schedule needs at least one phase")
    for name, phase in named[:-1]:
        if phase.only_last:
            message = f"a {phase.mode} phase must be the last one, and {named[-1][0]} comes after it"
            yield Problem(f"{name}.mode", message)


def _goes_back(phase: Phase[CurveBase], name: str, end: int, cursor: int, units: Units) -> Problem:
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


def _too_long(phase: Phase[CurveBase], name: str, end: int, total_steps: int | None) -> Problem:
    allowed = f"total_steps is {total_steps}" if total_steps else f"at most {MAX_STEPS} are possible"
    message = f"up to here the phases need {end} steps, {allowed}"
    return Problem(f"{name}.{phase.length_field}", message, "shorten the phases or raise total_steps")

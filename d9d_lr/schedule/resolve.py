"""Placing phases on the step axis, with every reason why they do not fit."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.phases import Phase
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase


def resolve(
    initial_multiplier: float,
    phases: Sequence[Phase[CurveBase]],
    total_steps: int | None,
    positions: Sequence[str] | None = None,
) -> Schedule:
    """Places phases end to end from step 0.

    Args:
        initial_multiplier: Multiplier at step 0.
        phases: The phases as written, in order.
        total_steps: Steps of the whole run; may be None if no phase needs it.
        positions: What each phase is called in an error, `phases.<position>`; its index by default.

    Returns:
        The schedule.

    Raises:
        ConfigError: With every problem: no phases, `total_steps` missing or not from 1 to 2**53, a phase that would
            end before it starts or after `total_steps`, `rest` before the last phase, a curve that cannot go from
            where it starts to its target.
    """
    names = [f"phases.{position}" for position in (positions or range(len(phases)))]
    problems = [*_total_steps_problems(phases, total_steps), *_order_problems(phases, names)]
    if problems:
        raise ConfigError(problems)

    placed: list[SchedulePhase] = []
    limit = total_steps or MAX_STEPS
    cursor, multiplier = 0, float(initial_multiplier)
    for phase, name in zip(phases, names, strict=True):
        end = phase.end_step(cursor, limit)
        if end < cursor:
            problems.append(_goes_back(phase, name, end, cursor, limit))
            end = cursor
        elif end > limit:
            problems.append(_too_long(phase, name, end, total_steps))
            break
        problems += _span_problems(phase, name, cursor, end)
        target = float(phase.target_multiplier)
        refusal = phase.curve.refusal(multiplier, target) if end > cursor else ""
        if refusal:
            problems.append(Problem(f"{name}.curve", refusal))
        if problems:
            multiplier = target
        else:
            span = phase.laid_over(cursor, end)
            placed.append(SchedulePhase(phase.mode, cursor, end, multiplier, target, phase.curve, span))
            multiplier = placed[-1].end_multiplier
        cursor = end
    if problems:
        raise ConfigError(problems)
    return Schedule(float(initial_multiplier), tuple(placed), total_steps)


def _total_steps_problems(phases: Sequence[Phase[CurveBase]], total_steps: int | None) -> list[Problem]:
    if total_steps is None:
        if any(phase.needs_total_steps for phase in phases):
            return [Problem("total_steps", "is missing; percentage and rest phases need it")]
        return []
    if not isinstance(total_steps, numbers.Integral):
        return [Problem("total_steps", f"{total_steps} is not allowed; it must be a whole number")]
    if not 0 < total_steps <= MAX_STEPS:
        return [Problem("total_steps", f"{total_steps} is not allowed; it must be from 1 to {MAX_STEPS}")]
    return []


def _order_problems(phases: Sequence[Phase[CurveBase]], names: Sequence[str]) -> list[Problem]:
    if not phases:
        return [Problem("phases", "there are none; a schedule needs at least one phase")]
    return [
        Problem(f"{name}.mode", f"a {phase.mode} phase must be the last one, and {names[-1]} comes after it")
        for phase, name in list(zip(phases, names, strict=True))[:-1]
        if phase.only_last
    ]


def _goes_back(phase: Phase[CurveBase], name: str, end: int, cursor: int, total_steps: int) -> Problem:
    message = f"{phase.written(total_steps)} ends at step {end}, before step {cursor}, where the phases before it end"
    return Problem(f"{name}.{phase.length_field}", message)


def _span_problems(phase: Phase[CurveBase], name: str, start: int, end: int) -> list[Problem]:
    """A curve may begin before its phase and end after it; where it does not cover it, there is nothing to follow."""
    problems = []
    if phase.curve_from is not None and phase.curve_from > start:
        message = f"the curve begins at step {phase.curve_from}, after the phase, which begins at step {start}"
        problems.append(Problem(f"{name}.curve_from", message))
    if phase.curve_until is not None and phase.curve_until < end:
        message = f"the curve ends at step {phase.curve_until}, before the phase, which ends at step {end}"
        problems.append(Problem(f"{name}.curve_until", message))
    return problems


def _too_long(phase: Phase[CurveBase], name: str, end: int, total_steps: int | None) -> Problem:
    allowed = f"total_steps is {total_steps}" if total_steps else f"at most {MAX_STEPS} are possible"
    message = f"up to here the phases need {end} steps, {allowed}"
    return Problem(f"{name}.{phase.length_field}", message, "shorten the phases or raise total_steps")

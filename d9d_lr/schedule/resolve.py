"""Placing phases on the step axis, with every reason why they do not fit."""

from __future__ import annotations

import numbers
from collections.abc import Sequence

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.phases import (
    MAX_STEPS,
    FillRest,
    ForSteps,
    Length,
    PhaseSpec,
    SchedulePhase,
    UntilPercentage,
    end_step,
    mode_of,
)
from d9d_lr.schedule.piecewise import Schedule


def resolve(
    initial_multiplier: float,
    specs: Sequence[PhaseSpec],
    total_steps: int | None,
    positions: Sequence[str] | None = None,
) -> Schedule:
    """Places phases end to end from step 0.

    Args:
        initial_multiplier: Multiplier at step 0.
        specs: The phases, in order.
        total_steps: Steps of the whole run; may be None if every phase is a number of steps.
        positions: What each phase is called in an error, `phases.<position>`; its index by default.

    Returns:
        The schedule.

    Raises:
        ConfigError: With every problem: no phases, `total_steps` missing or not from 1 to 2**53, a phase that would
            end before it starts or after `total_steps`, `rest` before the last phase.
    """
    names = [f"phases.{position}" for position in (positions or range(len(specs)))]
    problems = [*_total_steps_problems(specs, total_steps), *_order_problems(specs, names)]
    if problems:
        raise ConfigError(problems)

    placed: list[SchedulePhase] = []
    cursor, multiplier = 0, float(initial_multiplier)
    for spec, name in zip(specs, names, strict=True):
        end = end_step(spec.length, cursor, total_steps)
        if end < cursor:
            problems.append(_goes_back(spec.length, name, end, cursor, total_steps))
            end = cursor
        elif end > (total_steps or MAX_STEPS):
            problems.append(_too_long(spec.length, name, end, total_steps))
            break
        target = float(spec.target_multiplier)
        placed.append(SchedulePhase(mode_of(spec.length), cursor, end, multiplier, target, spec.curve))
        cursor, multiplier = end, target
    if problems:
        raise ConfigError(problems)
    return Schedule(float(initial_multiplier), tuple(placed), total_steps)


def _total_steps_problems(specs: Sequence[PhaseSpec], total_steps: int | None) -> list[Problem]:
    if total_steps is None:
        if all(isinstance(spec.length, ForSteps) for spec in specs):
            return []
        return [Problem("total_steps", "is missing; percentage and rest phases need it")]
    if not isinstance(total_steps, numbers.Integral):
        return [Problem("total_steps", f"{total_steps} is not allowed; it must be a whole number")]
    if not 0 < total_steps <= MAX_STEPS:
        return [Problem("total_steps", f"{total_steps} is not allowed; it must be from 1 to {MAX_STEPS}")]
    return []


def _order_problems(specs: Sequence[PhaseSpec], names: Sequence[str]) -> list[Problem]:
    if not specs:
        return [Problem("phases", "there are none; a schedule needs at least one phase")]
    return [
        Problem(f"{name}.mode", f"a rest phase must be the last one, and {names[-1]} comes after it")
        for spec, name in list(zip(specs, names, strict=True))[:-1]
        if isinstance(spec.length, FillRest)
    ]


def _goes_back(length: Length, name: str, end: int, cursor: int, total_steps: int | None) -> Problem:
    written = f"{length.percentage} of {total_steps} steps" if isinstance(length, UntilPercentage) else "this phase"
    key = f"{name}.percentage" if isinstance(length, UntilPercentage) else f"{name}.mode"
    return Problem(key, f"{written} ends at step {end}, before step {cursor}, where the phases before it end")


def _too_long(length: Length, name: str, end: int, total_steps: int | None) -> Problem:
    allowed = f"total_steps is {total_steps}" if total_steps else f"at most {MAX_STEPS} are possible"
    key = f"{name}.steps" if isinstance(length, ForSteps) else f"{name}.mode"
    return Problem(key, f"up to here the phases need {end} steps, {allowed}", "shorten the phases or raise total_steps")

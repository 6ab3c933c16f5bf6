"""A schedule written so that it stays what it is in a run of another length."""

from __future__ import annotations

import math
from typing import Any

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.scheduler_fields import PhaseConfig
from d9d_lr.schedule.phases import PhasePercentage, PhaseSteps
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase
from d9d_lr.schedule.units import floor_fraction


def in_steps(schedule: Schedule, total_steps: int) -> PiecewiseConfig:
    """Returns a config whose phases, in a run of `total_steps`, lie where the schedule's do.

    Each phase becomes a number of steps; a jump, which lasts none, stays a percentage. Learning rates
    become multipliers.
    """
    ends = [schedule.initial_multiplier, *(phase.end_multiplier for phase in schedule.phases)]
    phases = [_in_steps(phase, before, total_steps) for phase, before in zip(schedule.phases, ends, strict=False)]
    return PiecewiseConfig.model_validate({"initial_multiplier": schedule.initial_multiplier, "phases": phases})


def _in_steps(phase: SchedulePhase, before: float, total_steps: int) -> PhaseConfig:
    begin, end = phase.laid_over or (None, None)
    ahead = max(0, -begin) if begin is not None else 0
    common: dict[str, Any] = {
        "target_multiplier": phase.target_multiplier,
        "start_multiplier": None if phase.start_multiplier == before else phase.start_multiplier,
        "curve": phase.curve,
        "ahead_steps": ahead,
        "curve_from": None if begin is None else begin + ahead,
        "curve_until": None if end is None else end + ahead,
    }
    steps = phase.end_step - phase.start_step
    if steps:
        return PhaseSteps(steps=steps, **common)
    return PhasePercentage(percentage=_percentage_of(phase.end_step, total_steps), **common)


def _percentage_of(step: int, total_steps: int) -> float:
    percentage = min(1.0, step / total_steps)
    while percentage < 1.0 and floor_fraction(total_steps, percentage) < step:
        percentage = math.nextafter(percentage, 1.0)
    return percentage

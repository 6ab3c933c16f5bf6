"""A schedule written so that it stays what it is in a run of another length."""

from __future__ import annotations

import math
from dataclasses import fields

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PhaseConfig, PiecewiseConfig
from d9d_lr.schedule.phases import PhaseBase, PhasePercentage, PhaseSteps, floor_fraction
from d9d_lr.schedule.placed import SchedulePhase


def in_steps(config: PiecewiseConfig, total_steps: int, other_total_steps: int) -> PiecewiseConfig:
    """Returns the config whose phases, in a run of `other_total_steps`, lie where `config`'s do in `total_steps`.

    Each phase becomes a number of steps; a jump, which lasts none, stays a percentage.
    """
    schedule = build_schedule(config, total_steps)
    phases = [
        _placed(phase, resolved, other_total_steps)
        for phase, resolved in zip(config.scheduler.phases, schedule.phases, strict=True)
    ]
    return config.model_copy(update={"scheduler": config.scheduler.model_copy(update={"phases": phases})})


def _placed(phase: PhaseConfig, resolved: SchedulePhase, total_steps: int) -> PhaseConfig:
    steps = resolved.end_step - resolved.start_step
    common = {field.name: getattr(phase, field.name) for field in fields(PhaseBase)}
    if steps:
        return PhaseSteps(steps=steps, **common)
    return PhasePercentage(percentage=_percentage_of(resolved.end_step, total_steps), **common)


def _percentage_of(step: int, total_steps: int) -> float:
    percentage = min(1.0, step / total_steps)
    while percentage < 1.0 and floor_fraction(total_steps, percentage) < step:
        percentage = math.nextafter(percentage, 1.0)
    return percentage

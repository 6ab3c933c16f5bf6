"""A schedule as a drawing in a notebook, over the length of run that its phases fit."""

from __future__ import annotations

from d9d_lr.config.build import build_schedule
from d9d_lr.config.scheduler_fields import SchedulerFields
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.schedule.picture import schedule_html

_LENGTHS = (None, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def config_html(scheduler: SchedulerFields, name: str) -> str:
    """Returns the drawing of a schedule over the first length of run that its phases fit, which the title names."""
    for total_steps in _LENGTHS:
        try:
            schedule = build_schedule(scheduler, total_steps)
        except ConfigError:
            continue
        return schedule_html(schedule, f"{name}, drawn for a run of {total_steps} steps" if total_steps else name)
    return f"<b>{name}</b>"

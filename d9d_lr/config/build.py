"""From a validated config and a number of steps to a schedule, and to its drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from d9d_lr.config.batch_sizes import ramp_shares
from d9d_lr.config.scheduler_fields import SchedulerFields
from d9d_lr.config.written import Nested, fitted, multiples
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.picture import schedule_html
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import resolve

_DRAWN_LENGTHS = (None, 1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def build_schedule(
    config: Nested | SchedulerFields,
    total_steps: int | None,
    *,
    positions: Sequence[str] | None = None,
    batch: BatchShares | None = None,
) -> Schedule:
    """Resolves a config's phases against the length of a run.

    Args:
        config: The validated schedule.
        total_steps: Steps of the whole run; may be None if every phase is a number of steps.
        positions: What each phase is called in an error; its index by default.
        batch: Which share of a full batch each step has, where the batch size is scheduled too; by default that of
            the config's own batch size.

    Returns:
        The schedule: `.multiplier(step)`, `.multipliers(steps)` and `.phases` with their start and end steps.

    Raises:
        ConfigError: With every problem, if the phases do not fit `total_steps`.
    """
    scheduler, in_multipliers, written = multiples(config, total_steps, positions)
    shares = batch or ramp_shares(scheduler, total_steps) or BatchShares()
    phases, units = fitted(scheduler, in_multipliers, replace(written, batch=shares))
    return resolve(scheduler.initial_multiplier, phases, units, positions)


def config_html(scheduler: SchedulerFields, name: str) -> str:
    """Returns the drawing of a schedule over the first length of run that its phases fit, which the title names."""
    for total_steps in _DRAWN_LENGTHS:
        try:
            schedule = build_schedule(scheduler, total_steps)
        except ConfigError:
            continue
        return schedule_html(schedule, f"{name}, drawn for a run of {total_steps} steps" if total_steps else name)
    return f"<b>{name}</b>"

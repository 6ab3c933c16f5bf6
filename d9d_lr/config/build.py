"""From a validated config and a number of steps to a schedule."""

from __future__ import annotations

from collections.abc import Sequence

from d9d_lr.config.models import PiecewiseConfig, PiecewiseSchedulerConfig
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import resolve


def build_schedule(
    config: PiecewiseConfig | PiecewiseSchedulerConfig,
    total_steps: int | None,
    *,
    positions: Sequence[str] | None = None,
) -> Schedule:
    """Resolves a config's phases against the length of a run.

    Args:
        config: The validated schedule.
        total_steps: Steps of the whole run; may be None if every phase is a number of steps.
        positions: What each phase is called in an error; its index by default.

    Returns:
        The schedule: `.multiplier(step)`, `.multipliers(steps)` and `.phases` with their start and end steps.

    Raises:
        ConfigError: With every problem, if the phases do not fit `total_steps`.
    """
    scheduler = config.scheduler if isinstance(config, PiecewiseConfig) else config
    return resolve(scheduler.initial_multiplier, scheduler.phases, total_steps, positions)

"""From a validated config and a number of steps to a schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from d9d_lr.config.models import UNIT_FIELDS, PiecewiseConfig, PiecewiseSchedulerConfig
from d9d_lr.config.stretch import fitted, reference_of
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import resolve
from d9d_lr.schedule.units import Units


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
    names = positions or [str(index) for index in range(len(scheduler.phases))]
    problems = list(_reference_problems(scheduler, names))
    if problems:
        raise ConfigError(problems)
    reference = reference_of(scheduler) or 1.0
    in_multipliers = [phase.in_multipliers(reference) for phase in scheduler.phases]
    written = Units(total_steps=total_steps, **{name: getattr(scheduler, name) for name in UNIT_FIELDS})
    phases, units = fitted(scheduler, in_multipliers, written)
    return resolve(scheduler.initial_multiplier, phases, units, positions)


def _reference_problems(scheduler: PiecewiseSchedulerConfig, names: Sequence[str]) -> Iterator[Problem]:
    if reference_of(scheduler) is not None:
        return
    for name, phase in zip(names, scheduler.phases, strict=True):
        for field in phase.learning_rates():
            message = "is a learning rate, and reference_lr, which the multipliers multiply, is missing"
            yield Problem(f"phases.{name}.{field}", message)

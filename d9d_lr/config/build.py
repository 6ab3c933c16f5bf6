"""From a validated config and a number of steps to a schedule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from d9d_lr.config.scheduler_fields import SchedulerFields
from d9d_lr.config.stretch import fitted, reference_of
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import Entry, resolve
from d9d_lr.schedule.units import UNIT_FIELDS, Units

_WORDS = {"lr": "learning rate", "value": "value"}


class _Nested(Protocol):
    """A config that holds a schedule, as `PiecewiseConfig` does."""

    @property
    def scheduler(self) -> SchedulerFields: ...


def build_schedule(
    config: _Nested | SchedulerFields,
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
        batch: Which share of a full batch each step has, where the batch size is scheduled too.

    Returns:
        The schedule: `.multiplier(step)`, `.multipliers(steps)` and `.phases` with their start and end steps.

    Raises:
        ConfigError: With every problem, if the phases do not fit `total_steps`.
    """
    scheduler, in_multipliers, written = multiples(config, total_steps, positions)
    phases, units = fitted(scheduler, in_multipliers, replace(written, batch=batch or BatchShares()))
    return resolve(scheduler.initial_multiplier, phases, units, positions)


def multiples(
    config: _Nested | SchedulerFields, total_steps: int | None, positions: Sequence[str] | None
) -> tuple[SchedulerFields, list[Entry], Units]:
    """Returns a schedule as it is written, its phases in multipliers, and its units.

    Raises:
        ConfigError: If a phase has a learning rate, or a value, and what that is a multiple of is not known.
    """
    scheduler = config if isinstance(config, SchedulerFields) else config.scheduler
    names = positions or [str(index) for index in range(len(scheduler.phases))]
    problems = list(_reference_problems(scheduler, names))
    if problems:
        raise ConfigError(problems)
    references = {kind: reference or 1.0 for kind, reference in _references(scheduler).items()}
    units = Units(total_steps=total_steps, **{name: getattr(scheduler, name) for name in UNIT_FIELDS})
    return scheduler, [phase.in_multipliers(references) for phase in scheduler.phases], units


def _references(scheduler: SchedulerFields) -> dict[str, float | None]:
    """Returns what the multipliers multiply: a learning rate, or the value of another hyperparameter."""
    return {"lr": reference_of(scheduler), "value": scheduler.reference_value}


def _reference_problems(scheduler: SchedulerFields, names: Sequence[str]) -> Iterator[Problem]:
    for kind, reference in _references(scheduler).items():
        for name, phase in zip(names, scheduler.phases, strict=True) if reference is None else ():
            for field in phase.levels_of(kind):
                message = f"is a {_WORDS[kind]}, and reference_{kind}, which the multipliers multiply, is missing"
                yield Problem(f"phases.{name}.{field}", message)

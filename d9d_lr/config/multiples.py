"""A schedule as it is written, its levels as multiples of what they multiply, and the units that it is counted in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from d9d_lr.config.scheduler_fields import SchedulerFields
from d9d_lr.config.stretch import reference_of
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.resolve import Entry
from d9d_lr.schedule.units import UNIT_FIELDS, Units

_WORDS = {"lr": "learning rate", "value": "value"}


class Nested(Protocol):
    """A config that holds a schedule, as `PiecewiseConfig` does."""

    @property
    def scheduler(self) -> SchedulerFields:
        """The schedule."""


def multiples(
    config: Nested | SchedulerFields, total_steps: int | None, positions: Sequence[str] | None
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

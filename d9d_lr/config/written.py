"""A schedule as it is written, in the run at hand: its levels as multiples of what they multiply, its lengths in steps.

One that is published for a run of its own length is refused in a run of another one, or stretched to it. Stretched by
the ratio of the two lengths, every amount of steps, epochs, samples or tokens is that ratio times as many steps,
exact until it is rounded down; fractions of the run are as they were. A curve's own numbers of steps are stretched
too. The peak is then the base learning rate. What is no length stays: a curve that runs one step ahead does.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

from d9d_lr.config.scheduler_fields import SchedulerFields
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.resolve import Entry
from d9d_lr.schedule.units import UNIT_FIELDS, Units, exact

STRETCH = "lr.stretch=true"
"""What the hints have for it; `resolve_lr` puts in its place what can be typed where the schedule stands."""

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
    return {"lr": _reference_of(scheduler), "value": scheduler.reference_value}


def _reference_problems(scheduler: SchedulerFields, names: Sequence[str]) -> Iterator[Problem]:
    for kind, reference in _references(scheduler).items():
        for name, phase in zip(names, scheduler.phases, strict=True) if reference is None else ():
            for field in phase.levels_of(kind):
                message = f"is a {_WORDS[kind]}, and reference_{kind}, which the multipliers multiply, is missing"
                yield Problem(f"phases.{name}.{field}", message)


def fitted(scheduler: SchedulerFields, phases: Sequence[Entry], units: Units) -> tuple[list[Entry], Units]:
    """Returns the phases and units of a run, stretched if the schedule says so.

    Raises:
        ConfigError: If the run is not as long as the published one and the schedule is not stretched.
    """
    published = published_steps(scheduler, units)
    if published is None or (units.total_steps is None and not scheduler.stretch):
        return list(phases), units
    total = units.run_steps()
    if scheduler.stretch:
        ratio = _ratio(scheduler, units, total)
        return [phase.stretched(ratio) for phase in phases], replace(units, stretch=ratio)
    check_published(scheduler, published, total)
    return list(phases), units


def check_published(scheduler: SchedulerFields, published: Fraction, total_steps: int) -> None:
    """Refuses a run that is not as long as the published one.

    Raises:
        ConfigError: If it is not, with both lengths.
    """
    if total_steps != math.floor(published):
        raise ConfigError([_other_length(scheduler, math.floor(published), total_steps)])


def published_steps(scheduler: SchedulerFields, units: Units) -> Fraction | None:
    """Returns in how many steps of the run at hand the published run would be done; None where none is published."""
    if scheduler.published_steps is not None:
        return Fraction(scheduler.published_steps)
    if scheduler.published_tokens is None:
        return None
    if not units.knows("tokens_per_step"):
        message = "is missing; published_tokens needs it"
        raise ConfigError([Problem("tokens_per_step", message, "type tokens_per_step=NUMBER")])
    return units.steps_for("tokens", exact(scheduler.published_tokens))


def _reference_of(scheduler: SchedulerFields) -> float | None:
    """Returns the learning rate that the multipliers multiply: of a stretched schedule, its own peak."""
    if scheduler.stretch and scheduler.peak_lr is not None:
        return scheduler.peak_lr
    return scheduler.reference_lr


def _ratio(scheduler: SchedulerFields, units: Units, total: int) -> Fraction:
    """Returns the ratio of the two lengths. A batch that changes its size does so in both at the same part of it."""
    if scheduler.published_steps is not None or scheduler.published_tokens is None:
        return total / Fraction(scheduler.published_steps or total)
    return units.amount_after("tokens", total) / exact(scheduler.published_tokens)


def _other_length(scheduler: SchedulerFields, published: int, total: int) -> Problem:
    tokens = scheduler.published_tokens
    amount = f"{published} steps" if tokens is None else f"{_count(tokens)} tokens, {published} steps of the run"
    return Problem(
        "total_steps",
        f"{total} is not the length that this schedule is published with: {amount}",
        f"type {STRETCH} to lay its shape over the run",
    )


def _count(tokens: float) -> str:
    letter, size = next((pair for pair in (("T", 1e12), ("B", 1e9), ("M", 1e6)) if tokens >= pair[1]), ("", 1.0))
    return f"{tokens / size:.12g}{letter}"

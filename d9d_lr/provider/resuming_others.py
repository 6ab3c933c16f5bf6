"""Going on from a saved state where more than the learning rate is scheduled: what differs from today's schedules.

They stand in the state as one string, as the learning rate's own schedule does, with the base of each param group.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from d9d_lr.config.schedules import split_name
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.values import differences, from_plain, to_plain

Bases = Mapping[str, Sequence[float | None]]

KEY = "other_schedules"
"""What they are called in a state; only states that have some have the key."""


@dataclass(frozen=True)
class SavedOthers:
    """What a saved state says of schedules beside the learning rate's.

    Attributes:
        schedules: As `to_plain` gives them, by name.
        bases: By hyperparameter, what each param group's values are multiples of.
    """

    schedules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    bases: Bases = field(default_factory=dict)

    @classmethod
    def read(cls, state: Mapping[str, Any]) -> SavedOthers:
        """Reads a state.

        Raises:
            ConfigError: If what it says cannot be read.
        """
        try:
            written = json.loads(state.get(KEY, "{}"))
            return cls(dict(written.get("schedules", {})), dict(written.get("bases", {})))
        except (ValueError, TypeError, AttributeError) as error:
            raise ConfigError([Problem(KEY, f"the saved state cannot be read: {error}")]) from error

    def rebuilt(self) -> dict[str, Schedule]:
        """Returns the schedules by name.

        Raises:
            ConfigError: If one cannot be rebuilt.
        """
        try:
            return {name: from_plain(plain) for name, plain in self.schedules.items()}
        except ValueError as error:
            raise ConfigError([Problem("on_schedule_change", f"an old schedule cannot be kept: {error}")]) from error


def written(schedules: Mapping[str, Schedule], bases: Bases) -> dict[str, str]:
    """Returns what a state says of schedules beside the learning rate's; nothing where there are none."""
    if not schedules:
        return {}
    plain = {name: to_plain(schedule) for name, schedule in schedules.items()}
    kept = {name: list(values) for name, values in bases.items()}
    return {KEY: json.dumps({"schedules": plain, "bases": kept}, sort_keys=True)}


def other_changes(saved: SavedOthers, schedules: Mapping[str, Schedule], bases: Bases, step: int) -> list[str]:
    """Returns a line for everything in which the schedules differ from the saved ones; none if nothing does."""
    lines = []
    for name in sorted({*saved.schedules, *schedules}):
        old, new = saved.schedules.get(name), schedules.get(name)
        hyperparameter = split_name(name)[1]
        was = saved.bases.get(name, saved.bases.get(hyperparameter))
        now = bases.get(name, bases.get(hyperparameter))
        if new is None:
            lines.append(f"{name}: it is not scheduled any more")
        elif old is None:
            lines.append(f"{name}: it was not scheduled, and is now")
        else:
            found = differences(old, to_plain(new))
            if was is not None and now is not None and list(was) != list(now):
                found.append(f"base value: {of_groups(was)} -> {of_groups(now)}")
            if found:
                before, after = _value(_rebuilt(old), was, step), _value(new, now, step)
                found.append(f"at step {step} it goes from {before} to {after}")
            lines += [f"{name}: {line}" for line in found]
    return lines


def _rebuilt(plain: Mapping[str, Any]) -> Schedule | None:
    try:
        return from_plain(plain)
    except (ValueError, KeyError, TypeError):  # a user-defined curve that is not there any more
        return None


def _value(schedule: Schedule | None, bases: Sequence[float | None] | None, step: int) -> str:
    base = next((base for base in bases or () if base is not None), None)
    return "an unknown value" if schedule is None or base is None else f"{base * schedule.multiplier(step):.6g}"


def of_groups(values: Sequence[float | None] | None) -> str:
    """Returns what param groups have, in words: one number where all have the same."""
    numbers = ["none" if value is None else f"{value:.6g}" for value in values or []]
    return numbers[0] if len(set(numbers)) == 1 else f"[{', '.join(numbers)}]"

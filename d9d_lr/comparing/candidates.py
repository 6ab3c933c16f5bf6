"""Who competes: each schedule, at the setting of everything else that suits it best."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from d9d_lr.comparing.comparisons import LENGTH_KEYS
from d9d_lr.comparing.folding import Setting

_ENOUGH = 2 / 3  # of the seeds that a schedule's other settings have: fewer may be luck, or a sweep under way
_RANGE = 3  # values, from which on a swept key has an inside


@dataclass(frozen=True)
class Candidate:
    """One schedule.

    Attributes:
        name: What it is called.
        best: Its best setting.
        tried: How many settings of it could have been its best.
        edges: Where its best setting lies at the end of a swept range.
    """

    name: str
    best: Setting
    tried: int
    edges: tuple[Edge, ...] = ()


@dataclass(frozen=True)
class Edge:
    """A key whose best value is the last one that was tried.

    Attributes:
        key: The key.
        value: Its best value.
        lowest: Whether that is the lowest of those tried, or the highest.
    """

    key: str
    value: str
    lowest: bool


def schedule_keys(keys: Iterable[str]) -> tuple[str, ...]:
    """Returns the keys that name the schedule of a setting; everything else is tuned for each of them.

    That is the group `lr` where it is swept, or else the groups within it, or else its values. Where nothing of the
    schedule is swept, every key is returned: then each setting competes for itself.
    """
    keys = [key for key in keys if key not in LENGTH_KEYS]
    groups = [key for key in keys if key.startswith("lr/")]
    values = [key for key in keys if key.startswith("lr.")]
    whole = [key for key in keys if key == "lr"]
    return tuple(whole or groups or values or keys)


def candidates_of(settings: Sequence[Setting], keys: Sequence[str]) -> list[Candidate]:
    """Returns the schedules among settings of one comparison, the best first; one without a sound setting is left out.

    A setting is sound if none of its seeds diverged, and enough of them have an objective.
    """
    groups: dict[tuple[str, ...], list[Setting]] = {}
    for setting in settings:
        groups.setdefault(tuple(setting.values.get(key, "") for key in keys), []).append(setting)
    found = [_candidate(group, keys) for group in groups.values()]
    return sorted((one for one in found if one), key=lambda one: one.best.mean or 0.0)


def sound(settings: Sequence[Setting]) -> list[Setting]:
    """Returns the settings of a schedule that can be its best."""
    whole = [setting for setting in settings if setting.count and not setting.diverged]
    most = max((setting.count for setting in whole), default=0)
    return [setting for setting in whole if setting.count >= _ENOUGH * most]


def schedule_name(setting: Setting, keys: Sequence[str]) -> str:
    """Returns what a setting's schedule is called: the bare option of a group, else keys with their values."""
    named = {key: setting.values[key] for key in keys if key in setting.values}
    if len(named) == 1 and all(key == "lr" or key.startswith("lr/") for key in named):
        return next(iter(named.values()))
    return ", ".join(f"{key}={value}" for key, value in named.items())


def _candidate(settings: Sequence[Setting], keys: Sequence[str]) -> Candidate | None:
    able = sound(settings)
    if not able:
        return None
    best = min(able, key=lambda setting: setting.mean or 0.0)
    tried = [one for one in settings if one.count or one.diverged]
    edges = tuple(edge for key in best.values if key not in LENGTH_KEYS for edge in _edges(key, best, tried))
    return Candidate(schedule_name(best, keys), best, len(able), edges)


def _edges(key: str, best: Setting, settings: Sequence[Setting]) -> Iterable[Edge]:
    """Yields the key if its number is the last one tried of at least three; nothing lies below 0."""
    try:
        tried = {float(setting.values[key]) for setting in settings}
        value = float(best.values[key])
    except ValueError:
        return
    if len(tried) < _RANGE:
        return
    if value == min(tried) and value != 0:
        yield Edge(key, best.values[key], lowest=True)
    if value == max(tried):
        yield Edge(key, best.values[key], lowest=False)

"""Settings as the flat table that trackers compare runs by: what was chosen first, everything else after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.record import read_record, split_overrides, stored_overrides
from d9d_lr.runs.states import stored_choices
from d9d_lr.tracking.protocol import Scalar
from d9d_lr.training.settings import NOT_IN_FINGERPRINT, Settings

SCHEDULE = "schedule"


def hyperparameters(settings: Settings, folder: Path) -> dict[str, Scalar]:
    """Returns what decides what a run computes, by key as typed, such as `lr.phases.0.steps`.

    First come `schedule`, the chosen option of the group `lr`, and the keys that the sweep varies or that were typed:
    by these runs are compared. The resolved settings follow.

    Args:
        settings: The resolved settings.
        folder: The run folder, which knows what was chosen and typed.
    """
    plain = settings.model_dump(mode="json", exclude={"train": set(NOT_IN_FINGERPRINT), "tracker": True})
    plain["lr"] = plain["lr"].get("scheduler", plain["lr"])
    plain["schedules"] = {name: config["scheduler"] for name, config in plain["schedules"].items()}
    flat = dict(_flat(plain, ""))
    return {key: flat.get(key, value) for key, value in _compared(settings, folder).items()} | flat


def compared_keys(settings: Settings, folder: Path) -> tuple[str, ...]:
    """Returns the keys by which runs are compared, which stand first: `schedule` and the swept or typed keys."""
    return tuple(_compared(settings, folder))


def swept_values(folder: Path) -> dict[str, str]:
    """Returns what the sweep varies, with this run's values; what was typed, for a run that is in none."""
    try:
        points = read_record(folder.parent).points
    except (RunError, OSError):
        points = ()
    for point in points:
        if point.folder == folder.name:
            return dict(point.changed)
    try:
        return split_overrides(stored_overrides(folder))
    except (RunError, OSError, ValueError):
        return {}


def chosen_schedule(settings: Settings, folder: Path) -> str:
    """Returns the chosen option of the group `lr`, such as "wsd", or a user-defined provider; empty if unknown."""
    if isinstance(settings.lr, TargetConfig):
        return settings.lr.target
    return str(stored_choices(folder).get("lr") or "")


def _compared(settings: Settings, folder: Path) -> dict[str, str]:
    schedule = chosen_schedule(settings, folder)
    swept = {key: value for key, value in swept_values(folder).items() if key != "lr"}
    return ({SCHEDULE: schedule} if schedule else {}) | swept


def _flat(value: Any, key: str) -> Iterator[tuple[str, Scalar]]:
    match value:
        case Mapping():
            for name, child in value.items():
                yield from _flat(child, f"{key}.{name}" if key else str(name))
        case list():
            for index, child in enumerate(value):
                yield from _flat(child, f"{key}.{index}")
        case None:
            return
        case _:
            yield key, value

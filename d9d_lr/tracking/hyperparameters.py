"""Settings as the flat table that trackers compare runs by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from d9d_lr.tracking.protocol import Scalar
from d9d_lr.training.settings import NOT_IN_FINGERPRINT, Settings


def hyperparameters(settings: Settings) -> dict[str, Scalar]:
    """Returns what decides what a run computes, by key as typed, such as `lr.phases.0.steps`."""
    plain = settings.model_dump(mode="json", exclude={"train": set(NOT_IN_FINGERPRINT), "tracker": True})
    plain["lr"] = plain["lr"].get("scheduler", plain["lr"])
    return dict(_flat(plain, ""))


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

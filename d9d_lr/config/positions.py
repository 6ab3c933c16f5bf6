"""Phases by position: the mapping form that config groups need, turned into the list that a schedule is.

Hydra composes `warmup@phases.0` into `phases: {"0": ...}`. The keys are positions: text or integers, ordered by number,
with holes allowed. An entry that is empty (`{}`, from the option `none` of a phase group) or null is a hole.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any


def phase_list(value: Any) -> Any:
    """Returns the phases as a list; leaves alone what is not a mapping.

    Raises:
        ValueError: If a key is no position, or two keys are the same one.
    """
    if not isinstance(value, Mapping):
        return value
    return [phase for _, phase in _entries(value)]


def phase_positions(value: Any) -> list[str]:
    """Returns what each phase of `phase_list(value)` is called in a key: its position.

    Raises:
        ValueError: As `phase_list` does.
    """
    if isinstance(value, Mapping):
        return [str(position) for position, _ in _entries(value)]
    return [str(index) for index in range(len(value))] if isinstance(value, list | tuple) else []


def positions_of(section: Mapping[str, Any]) -> list[str]:
    """Returns the positions of the phases of a valid `lr` section, flat or nested."""
    return phase_positions(section.get("scheduler", section)["phases"])


def free_position(section: Mapping[str, Any]) -> int | None:
    """Returns the position behind all phases and holes of a valid `lr` section; None if its phases are a list."""
    phases = section.get("scheduler", section)["phases"]
    return max(map(_position, phases)) + 1 if isinstance(phases, Mapping) else None


def _entries(phases: Mapping[Any, Any]) -> list[tuple[int, Any]]:
    positions = {key: _position(key) for key in phases}
    repeated = sorted(position for position, count in Counter(positions.values()).items() if count > 1)
    if repeated:
        named = "; ".join(
            f"{' and '.join(repr(key) for key in phases if positions[key] == position)} are both position {position}"
            for position in repeated
        )
        raise ValueError(f"{named}. Quote the position in the YAML file, as in '{repeated[0]}':, so that it merges")
    return sorted(
        ((positions[key], phase) for key, phase in phases.items() if phase is not None and phase != {}),
        key=lambda entry: entry[0],
    )


def _position(key: Any) -> int:
    if isinstance(key, int) and not isinstance(key, bool) and key >= 0:
        return key
    if isinstance(key, str) and key.isascii() and key.isdecimal():
        return int(key)
    raise ValueError(f"{key!r} is not a position; phases are keyed by whole numbers from 0, such as '0', '1', '2'")

"""What only schedules know about their errors: phases are typed by position, and their values merge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from d9d_lr.config.positions import phase_list, phase_positions
from d9d_lr.diagnostics.places import Vocabulary

_MERGES = "a value merges into what was there before; to have another kind, swap the group that stands there"


class LrVocabulary(Vocabulary):
    """The words for an `lr` section, flat or nested."""

    def typed(self, parts: Sequence[int | str], raw: Any) -> list[str]:
        """Returns the parts of a key: flat if the input was flat, with phases by position."""
        flat = isinstance(raw, Mapping) and "scheduler" not in raw
        typed = [str(part) for part in parts]
        schedule = raw if flat else raw.get("scheduler") if isinstance(raw, Mapping) else None
        if len(typed) > 2 and typed[:2] == ["scheduler", "phases"] and isinstance(schedule, Mapping):
            _put_positions(typed, 2, schedule["phases"])
        return typed[1:] if flat and typed[:1] == ["scheduler"] else typed

    def empty(self, name: str) -> str:
        """Says that there are no phases."""
        return "there are none; a schedule needs at least one phase" if name == "phases" else super().empty(name)

    def hint(self, key: str, found: Any, *, unknown: bool) -> str:
        """Says that a percentage is a fraction, and that a phase takes no value of another kind."""
        name = key.rpartition(".")[2]
        if name == "percentage" and not unknown:
            return _percent_hint(found)
        below_phase = "phases" in key.split(".")[:-2]
        whole = name == "curve" or (name.isdecimal() and "phases" in key.split("."))
        return _MERGES if (unknown and below_phase) or (not unknown and whole) else ""


def _put_positions(typed: list[str], at: int, phases: Any) -> None:
    """Writes the position of a phase for its index, and those of the phases of a cycle."""
    positions, index = phase_positions(phases), int(typed[at])
    if index >= len(positions):
        return
    typed[at], inside = positions[index], phase_list(phases)[index]
    if len(typed) > at + 2 and typed[at + 1] == "phases" and isinstance(inside, Mapping):
        _put_positions(typed, at + 2, inside["phases"])


LR = LrVocabulary()


def _percent_hint(found: Any) -> str:
    """Says that a percentage is a fraction, where it was written as 80 or 80%; empty otherwise."""
    try:
        percent = float(str(found).rstrip("% "))
    except ValueError:
        return ""
    return f"it is a fraction: did you mean {percent / 100:g}?" if 2 <= percent <= 100 else ""

"""What could be typed in place of an override that is wrong, the likeliest first.

A suggestion is worked out from what stands where in the rest of the command line. Whether the program would accept it
is tried by `first_that_works`, so that what is printed runs.
"""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from d9d_lr.composing.line import KINDS, Line
from d9d_lr.composing.overrides import key_of, value_of

PHASE_GROUPS = ("lr/hold", "lr/decay", "lr/warmup")
CURVE_GROUP = "lr/curve"

_MOST_TRIED = 8
"""Suggestions that are tried for one problem; each takes a tenth of a second."""

_MERGES = "a value merges into what was there before; for another kind"
_OTHER_NAMES = {
    "optimizer.lr": ("peak", "peak_lr", "max_lr", "base_lr", "learning_rate", "lr"),
    "phases.0.steps": ("warmup", "warmup_steps", "num_warmup_steps"),
    "phases.1.percentage": ("hold", "hold_until", "stable"),
    "phases.2.target_multiplier": ("final", "final_lr", "min_lr", "min_lr_ratio", "end"),
}
"""Where other programs' names for a setting lead here."""


class Suggestion(NamedTuple):
    """Something to type in place of what is wrong.

    Attributes:
        reason: When to type it, such as "to add a phase there".
        overrides: What to type.
        tried: What is tried to see whether it works, where that is not the same.
    """

    reason: str
    overrides: tuple[str, ...]
    tried: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.reason}, type {shlex.join(self.overrides)}"


def first_that_works(line: Line, suggestions: Iterable[Suggestion]) -> str:
    """Returns the first suggestion that the line would be right with; nothing if there is none among the likeliest."""
    likeliest = itertools.islice(suggestions, _MOST_TRIED)
    return next((str(one) for one in likeliest if line.works(one.tried or one.overrides)), "")


def hinted(line: Line | None, suggestions: Iterable[Suggestion]) -> str:
    """Returns the first suggestion that works; the first of all where that cannot be tried."""
    if line:
        return first_that_works(line, suggestions)
    return next((str(one) for one in suggestions), "")


def swapped(line: Line, key: str, typed: Sequence[str]) -> Iterator[Suggestion]:
    """Yields other options of the group whose choice does not take a value, and other groups in its place.

    Args:
        line: The rest of the command line.
        key: The key that does not fit.
        typed: The values that were typed below the group's place.
    """
    found = _group_above(line, key)
    if not found:
        return
    place, group, chosen = found
    choice = f"{group}@{place}" if f"{group}@{place}" in line.choices else group
    named = [value_of(one) for one in typed if key_of(one) == place and value_of(one) in line.options(group)]
    wanted = [one.lstrip("+") for one in typed if key_of(one) != place or value_of(one).startswith("{")]
    kept = tuple(one for one in wanted if key_of(one).rpartition(".")[2] not in KINDS)
    for option in [*named, *_others(line, group, chosen)] if typed else ():
        if option in named or line.takes(group, option, place, wanted):
            yield Suggestion(_MERGES, (f"{choice}={option}", *kept), (f"{choice}={option}", *wanted))
    for other in PHASE_GROUPS if wanted and group in PHASE_GROUPS else ():
        for option in line.options(other) if other != group else ():
            if line.takes(other, option, place, wanted):
                instead = (f"~{choice}", f"+{other}@{place}={option}")
                yield Suggestion(_MERGES, (*instead, *kept), (*instead, *wanted))


def another_kind(line: Line, key: str) -> Iterator[Suggestion]:
    """Yields some other option of the group that stands at a phase or a curve, whatever was typed there."""
    found = _group_above(line, key)
    if found and found[1] in (*PHASE_GROUPS, CURVE_GROUP):
        place, group, chosen = found
        for option in _others(line, group, chosen):
            yield Suggestion(f"{_MERGES} of {group}", (f"{group}@{place}={option}",))


def elsewhere(line: Line, key: str, value: str) -> Iterator[Suggestion]:
    """Yields keys that end as an unknown one does, or that it is another program's name for."""
    parts = key.split(".")
    for count in range(min(len(parts), 3), 0, -1):
        tail = ".".join(parts[-count:])
        for known in line.values:
            if known.endswith(f".{tail}") or known == tail:
                yield from with_value(line, known, value)
        for choice in line.choices:
            group, _, place = choice.partition("@")
            if place.endswith(f".{tail}"):
                yield Suggestion("to choose another there", (f"{group}@{place}={value}",))
    for known, names in _OTHER_NAMES.items():
        if parts[-1] in names:
            for whole in line.values:
                if whole == known or whole.endswith(f".{known}"):
                    yield from with_value(line, whole, value)
    for group in dict.fromkeys(choice.partition("@")[0] for choice in line.choices):
        if parts[-1] == group.rpartition("/")[2]:
            yield from another_place(line, group, value)


def another_place(line: Line, group: str, option: str, place: str = "") -> Iterator[Suggestion]:
    """Yields where an option of a phase's group could stand: in place of another, or as a phase more.

    Args:
        line: The rest of the command line.
        group: The group, such as `lr/decay`.
        option: The option, as typed.
        place: Where it was to stand; empty where no place was typed.
    """
    there = line.group_at(place)
    if place.startswith("schedules.") and not there:
        yield Suggestion("to schedule that too", (f"+{group}@{place}={option}",))
    if there and there[0] == group:
        yield Suggestion("to choose another option there", (f"{group}@{place}={option}",))
    elif there and group in PHASE_GROUPS:
        yield Suggestion("to have it in the place of the other", (f"~{there[0]}@{place}", f"+{group}@{place}={option}"))
    for choice in line.choices:
        known, _, at = choice.partition("@")
        if known == group and at != place:
            yield Suggestion("to choose it where that group stands", (f"{choice}={option}",))
    if group not in PHASE_GROUPS:
        return
    for base, positions in line.positions.items():
        free = place if place.startswith(f"{base}.") and not there else f"{base}.{max(positions) + 1}"
        yield Suggestion("to add a phase there", (f"+{group}@{free}={option}",))


def with_value_there(line: Line, key: str) -> Iterator[Suggestion]:
    """Yields a key that was typed without a value, with the one that it has."""
    if key in line.values:
        yield Suggestion("give it a value; to leave it as it is", (f"{key}={line.values[key]}",))
    if key in line.choices:
        yield Suggestion("give it an option; to leave it as it is", (f"{key}={line.choices[key]}",))


def positions_shown(line: Line, base: str) -> str:
    """Returns the positions of the phases below a key such as `lr.phases`, in words."""
    return ", ".join(map(str, sorted(line.positions.get(base, ()))))


def with_value(line: Line, key: str, value: str) -> Iterator[Suggestion]:
    """Yields a key with a value; where that is a percentage, also as a fraction and as a number of steps."""
    yield Suggestion("to set it", (f"{key}={value}",))
    share = re.fullmatch(r"(\d+(?:\.\d+)?) ?%", value)
    if not share:
        return
    fraction = float(share[1]) / 100
    yield Suggestion("it is a fraction; to set it", (f"{key}={fraction:g}",))
    for name, total in line.values.items():
        if name.endswith("total_steps") and isinstance(total, int):
            steps = round(fraction * total)
            yield Suggestion(f"{value} of {name}, {total}, are {steps} steps; to set it", (f"{key}={steps}",))


def _group_above(line: Line, key: str) -> tuple[str, str, str] | None:
    """Returns the nearest place at or above a key where a group stands, the group and its option."""
    parts = key.split(".")
    for depth in range(len(parts), 0, -1):
        place = ".".join(parts[:depth])
        if found := line.group_at(place):
            return place, *found
    return None


def _others(line: Line, group: str, chosen: str) -> list[str]:
    """Returns the options of a group but one, those with a short name first: the plain ones."""
    return sorted((option for option in line.options(group) if option not in (chosen, "none")), key=len)

"""Keys that are not there, or that hold something of another kind: what they could have meant."""

from __future__ import annotations

import re
from collections.abc import Sequence

from d9d_lr.composing.hydra_english import Said
from d9d_lr.composing.line import Line
from d9d_lr.composing.overrides import key_of, value_of
from d9d_lr.composing.suggestions import (
    Suggestion,
    another_kind,
    elsewhere,
    first_that_works,
    hinted,
    positions_shown,
    swapped,
)
from d9d_lr.diagnostics.problems import Problem, did_you_mean

_PLAIN_LIST = (
    "this schedule holds a plain list, whose phases cannot be added, removed or swapped; write the whole list into a "
    "file of your own, or, for one whose phases have positions"
)


def unknown_key(said: Said, typed: str, line: Line | None) -> Problem:
    """Returns what is said of a key that is not there."""
    if said.known is None:
        return Problem(said.key, "unknown key", _hint_elsewhere(said, typed, line))
    if said.full_key.split(".")[-2:-1] == ["phases"]:
        return _unknown_phase(said, typed, line)
    allowed = f"allowed here: {', '.join(said.known)}" if said.known else "nothing is allowed here"
    near = did_you_mean(said.name, said.known)
    return Problem(said.full_key, f"unknown key {said.name!r}; {allowed}", _better(near, said, typed, line))


def _better(near: str, said: Said, typed: str, line: Line | None) -> str:
    """Returns the hint that names a near key, if that works, else what the key could have meant."""
    if not line:
        return near
    nearest = near.split("'")[1] if near else ""
    if nearest and line.works([typed.replace(said.name, nearest, 1)]):
        return near
    meant = [
        *swapped(line, said.full_key, [typed]),
        *elsewhere(line, said.key, value_of(typed)),
        *_for_target(line, typed),
        Suggestion("to add it", (f"+{typed}",)),
        *another_kind(line, said.full_key),
    ]
    return first_that_works(line, meant) or near


def _for_target(line: Line, typed: str) -> list[Suggestion]:
    section = key_of(typed).partition(".")[0]
    if line.values.get(f"{section}._target_") is None:
        return []
    return [Suggestion("to pass it to the _target_", (f"+{typed}",))]


def _unknown_phase(said: Said, typed: str, line: Line | None) -> Problem:
    base = said.full_key.rpartition(".")[0]
    there = f"there are {', '.join(said.known or ())}"
    if not said.name.isdecimal():
        return Problem(said.key, f"{said.name!r} is not a position; {there}", _hint_elsewhere(said, typed, line))
    place = f"{base}.{said.name}"
    added = [
        Suggestion("to add a phase there", (f"+{group}@{place}={option}", typed))
        for group in ("lr/decay", "lr/hold", "lr/warmup")
        for option in (line.options(group) if line else ())
        if line and option != "none" and line.takes(group, option, place, [typed])
    ]
    hint = (first_that_works(line, added) if line else "") or _hint_elsewhere(said, typed, line)
    return Problem(said.key, f"there is no phase {said.name}; {there}", hint)


def _hint_elsewhere(said: Said, typed: str, line: Line | None) -> str:
    return first_that_works(line, elsewhere(line, said.key, value_of(typed))) if line else ""


def nothing_to_delete(said: Said, line: Line | None) -> Problem:
    """Returns what is said of a key that cannot be deleted."""
    if not line:
        return Problem(said.key, "cannot be deleted, because it is not there")
    if said.key in line.choices:
        chosen = line.choices[said.key]
        hint = first_that_works(line, [Suggestion("to choose the other", (f"{said.key}={said.name}",))])
        return Problem(said.key, f"is {chosen} here, and not {said.name}", hint)
    base, _, position = said.key.rpartition(".")
    there = positions_shown(line, base.partition("@")[2] or base) if position.isdecimal() else ""
    return Problem(said.key, f"cannot be deleted, because it is not there{f'; there are {there}' if there else ''}")


def mapping_and_list(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns what is said of a mapping in the place of a list, or a list in that of a mapping."""
    typed = next((one for one in overrides if key_of(one) == said.key), "")
    if not typed:
        added = [one for one in overrides if "@" in key_of(one)]
        if not added:
            return Problem(said.key, "the file holds a list, and a mapping is needed there")
        message = "this group needs a phase with a position, and there is a list"
        return Problem(key_of(added[0]), message, hinted(line, _another_schedule(added[0])))
    if said.in_list:
        message = "is a list, and a mapping cannot take its place"
        return Problem(said.key, message, hinted(line, _another_schedule(typed)))
    if said.key.endswith("phases"):
        message = "is a mapping from position to phase, and a list cannot take its place"
        smaller = [Suggestion("to leave a phase out", (f"~{said.key}.{place}",)) for place in ("1", "0")]
        return Problem(said.key, message, hinted(line, smaller) or "write the whole list into a file of your own")
    hint = hinted(line, another_kind(line, said.key) if line else ())
    return Problem(said.key, "is a mapping of keys to values, and a list cannot take its place", hint)


def in_list(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns what is said of a key that leads into a list."""
    typed = next((one for one in overrides if said.key and key_of(one) == said.key), "")
    typed = typed or next((one for one in overrides if re.search(rf"\.{re.escape(said.name) or '[0-9]+'}\b", one)), "")
    message = "cannot be deleted from a list" if typed.startswith("~") else "no such key in a list"
    return Problem(key_of(typed), message, hinted(line, _another_schedule(typed)) if "phases" in typed else "")


def _another_schedule(typed: str) -> list[Suggestion]:
    return [Suggestion(_PLAIN_LIST, ("lr=wsd", typed)), Suggestion(_PLAIN_LIST, ("lr=wsd",))]

"""Choices from config groups that cannot be made: no such option, no place for it, or one that is taken."""

from __future__ import annotations

import re
from collections.abc import Sequence

from d9d_lr.composing.hydra_english import Said
from d9d_lr.composing.line import Line
from d9d_lr.composing.overrides import key_of, parsed, value_of
from d9d_lr.composing.suggestions import Suggestion, another_place, hinted
from d9d_lr.diagnostics.problems import Problem, did_you_mean

_GROUPS = ("lr", "lr/warmup", "lr/hold", "lr/decay", "lr/curve")


def no_such_group(key: str, line: Line | None) -> Problem:
    """Returns what is said of a group that does not exist."""
    known = [choice.partition("@")[0] for choice in line.choices] if line else []
    return Problem(key, "there is no such config group", did_you_mean(key, list(dict.fromkeys([*_GROUPS, *known]))))


def no_option(overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns what is said of a group whose value is no name: null, a number, true."""
    found = [one for override in overrides if (one := parsed(override)) and not one.is_delete()]
    wrong = [one for one in found if not isinstance(one.value(), str) and not one.is_sweep_override()]
    likely = [one for one in wrong if re.fullmatch(r"[^.]+(@.*)?", one.get_key_element().lstrip("+"))]
    if not likely:
        return Problem("", "an override is KEY=VALUE, and a config group takes the name of one of its options")
    key, value = likely[0].get_key_element().lstrip("+"), likely[0].get_value_element_as_str()
    none = [Suggestion("to leave it out", (f"{key}=none",))] if "@" in key else []
    group = key.partition("@")[0]
    return Problem(key, f"{value} is not the name of an option", hinted(line, none) or listed(line, group))


def several_values(key: str, typed: str, line: Line | None) -> Problem:
    """Returns what is said of several values for one key without --multirun."""
    options = line.options(key.partition("@")[0]) if line else []
    unknown = [value for value in value_of(typed).split(",") if value not in options] if options else []
    if unknown:
        return Problem(key, f"{unknown[0]!r} is not one of {', '.join(options)}", did_you_mean(unknown[0], options))
    lists = "" if options else f", or write a list, {key}=[{value_of(typed)}]"
    hint = f"add --multirun to run each of them{lists}"
    return Problem(key, "has several values, and this is a single run", hint)


def place_of_group(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns what is said of a group that has no place, the wrong one, or one that another has already."""
    # The place that Hydra names may be that of the curve which comes with what was typed.
    place = said.key.partition("@")[2]
    typed = next((one for one in overrides if "@" in one and place.startswith(key_of(one).partition("@")[2])), "")
    typed = next((one for one in overrides if key_of(one) == said.key), typed)
    group, _, place = key_of(typed or said.key).partition("@")
    option = value_of(typed)
    near = [Suggestion("to choose it where that group stands", (f"{choice}={option}",)) for choice in said.near]
    hint = hinted(line, another_place(line, group, option, place) if line else near)
    there = line.group_at(place) if line else None
    if not place:
        message = "this group needs a place, and has none here"
    elif there:
        message = f"its place is taken: {place} holds {there[0]}={there[1]}"
    else:
        message = "its place is taken" if said.case == "taken" else "is not part of this schedule"
    return Problem(key_of(typed or said.key), message, hint if typed else "")


def listed(line: Line | None, group: str) -> str:
    """Returns the options of a group, as a hint."""
    options = list(line.options(group)) if line else []
    return f"its options are {', '.join(options)}" if options else "--help lists the options of each group"

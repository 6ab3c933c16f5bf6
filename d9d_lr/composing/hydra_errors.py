"""Hydra's composition errors, told as problems that say what to type instead.

Hydra stops at the first override it cannot apply, so there is one problem here where validation reports all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hydra.errors import MissingConfigException, OverrideParseException
from yaml import MarkedYAMLError

from d9d_lr.composing.hydra_internals import Said, read
from d9d_lr.composing.line import Line
from d9d_lr.composing.overrides import key_of, parsed, value_of
from d9d_lr.composing.suggestions import (
    Suggestion,
    another_kind,
    another_place,
    elsewhere,
    first_that_works,
    positions_shown,
    swapped,
)
from d9d_lr.composing.unparsed import unparsed
from d9d_lr.diagnostics.problems import Problem, did_you_mean

_GROUPS = ("lr", "lr/warmup", "lr/hold", "lr/decay", "lr/curve")

_PLAIN_LIST = (
    "this schedule holds a plain list, whose phases cannot be added, removed or swapped; write the whole list into a "
    "file of your own, or, for one whose phases have positions"
)


def explain_hydra(error: Exception, overrides: Sequence[str], line: Line | None = None) -> list[Problem]:
    """Returns what a failed composition has to say.

    Args:
        error: What Hydra, or OmegaConf below it, raised.
        overrides: What was typed, to find the one at fault.
        line: The command line without what is wrong with it, to try hints out; without it, some are left out.
    """
    match error:
        case OverrideParseException():
            return [unparsed(error, overrides, line)]
        case MissingConfigException():
            return [_missing(read(error), error, overrides)]
        case MarkedYAMLError():
            return [_bad_yaml(error)]
        case UnicodeDecodeError():
            return [Problem("", f"a configuration file is not UTF-8 text: {error.reason} at byte {error.start}")]
        case RecursionError():
            return [Problem("", "a configuration file is nested too deeply, or names itself in its defaults")]
        case _:
            return [_unapplied(read(error), overrides, line)]


def _unapplied(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Tells why an override that parses cannot be applied."""
    key = said.key
    typed = next((one for one in overrides if key_of(one) == key), "")
    match said.case:
        case "no_name":
            return _no_option(overrides, line)
        case "no_folder":
            return Problem("--config-dir", f"there is no folder {key!r}")
        case "not_chosen":
            return Problem(key, "must be chosen", _listed(line, key))
        case "mapping_and_list":
            return _mapping_and_list(said, overrides, line)
        case "index":
            return _in_list(said, overrides, line)
        case "unplaced" | "no_such_place" | "taken":
            return _place(said, overrides, line)
        case "not_in_defaults":
            return Problem(key, "is not in the defaults list", _hint(line, [Suggestion("to add it", (f"+{typed}",))]))
        case "two_keys":
            message = f"{said.name!r} and {said.name} are both position {said.name}"
            return Problem(
                key, message, f"Quote the position in the YAML file, as in '{said.name}':, so that it merges"
            )
        case "unknown_key":
            return _unknown_key(said, typed, line)
        case "nothing_to_delete":
            return _nothing_to_delete(said, line)
        case "other_value":
            return Problem(key, f"is {said.name}; it is deleted without a value, or with this one")
        case "no_group":
            return Problem(key, "there is no such config group", did_you_mean(key, _groups(line)))
        case "several_values":
            return _several_values(key, typed, line)
        case "chosen_already":
            hint = _hint(line, [Suggestion("to choose another", (typed.lstrip("+"),))])
            return Problem(key, "is chosen already", hint)
        case "there_already":
            return Problem(key, "is there already", _hint(line, [Suggestion("to set it", (typed.lstrip("+"),))]))
        case "mode_in_file":
            message = "is set in a file that the primary config includes; it belongs on the command line"
            return Problem(key, message, "take it out of the file, and add --multirun to the command")
        case "not_mergeable":
            return Problem(key, said.line)
        case _:
            return Problem("", said.line)


def _several_values(key: str, typed: str, line: Line | None) -> Problem:
    options = line.options(key.partition("@")[0]) if line else []
    unknown = [value for value in value_of(typed).split(",") if value not in options] if options else []
    if unknown:
        return Problem(key, f"{unknown[0]!r} is not one of {', '.join(options)}", did_you_mean(unknown[0], options))
    lists = "" if options else f", or write a list, {key}=[{value_of(typed)}]"
    hint = f"add --multirun to run each of them{lists}"
    return Problem(key, "has several values, and this is a single run", hint)


def _missing(said: Said, error: MissingConfigException, overrides: Sequence[str]) -> Problem:
    if said.case == "no_file":
        return Problem("--config-name", said.line)
    group, _, name = (said.key or str(error.missing_cfg_file or "")).rpartition("/")
    options = list(error.options or [])
    typed = next((override for override in overrides if override.endswith(f"={name}")), "") if name else ""
    key = key_of(typed) or group
    if not options:
        return Problem(key, said.line)
    return Problem(key, f"{name!r} is not one of {', '.join(options)}", did_you_mean(name, options))


def _bad_yaml(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark
    place = f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}" if mark else "a configuration file"
    reason = " ".join(part for part in (error.context, error.problem) if part)
    hint = "indent with spaces" if "'\\t'" in reason or (mark and _starts_with_tab(mark)) else ""
    return Problem("", f"{place} is not valid YAML: {reason}", hint)


def _starts_with_tab(mark: Any) -> bool:
    """Whether the line that YAML's C reader complains of begins with a tab, which it does not say."""
    try:
        return bool(Path(mark.name).read_text(encoding="utf-8").splitlines()[mark.line].startswith("\t"))
    except (OSError, ValueError, IndexError):
        return False


def _no_option(overrides: Sequence[str], line: Line | None) -> Problem:
    """Tells of a group whose value is no name: null, a number, true."""
    found = [one for override in overrides if (one := parsed(override)) and not one.is_delete()]
    wrong = [one for one in found if not isinstance(one.value(), str) and not one.is_sweep_override()]
    likely = [one for one in wrong if re.fullmatch(r"[^.]+(@.*)?", one.get_key_element().lstrip("+"))]
    if not likely:
        return Problem("", "an override is KEY=VALUE, and a config group takes the name of one of its options")
    key, value = likely[0].get_key_element().lstrip("+"), likely[0].get_value_element_as_str()
    none = [Suggestion("to leave it out", (f"{key}=none",))] if "@" in key else []
    group = key.partition("@")[0]
    return Problem(key, f"{value} is not the name of an option", _hint(line, none) or _listed(line, group))


def _mapping_and_list(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    typed = next((one for one in overrides if key_of(one) == said.key), "")
    if not typed:
        added = [one for one in overrides if "@" in key_of(one)]
        if not added:
            return Problem(said.key, "the file holds a list, and a mapping is needed there")
        message = "this group needs a phase with a position, and there is a list"
        return Problem(key_of(added[0]), message, _hint(line, _another_schedule(added[0])))
    if said.in_list:
        message = "is a list, and a mapping cannot take its place"
        return Problem(said.key, message, _hint(line, _another_schedule(typed)))
    if said.key.endswith("phases"):
        message = "is a mapping from position to phase, and a list cannot take its place"
        smaller = [Suggestion("to leave a phase out", (f"~{said.key}.{place}",)) for place in ("1", "0")]
        return Problem(said.key, message, _hint(line, smaller) or "write the whole list into a file of your own")
    hint = _hint(line, another_kind(line, said.key) if line else ())
    return Problem(said.key, "is a mapping of keys to values, and a list cannot take its place", hint)


def _in_list(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    typed = next((one for one in overrides if said.key and key_of(one) == said.key), "")
    typed = typed or next((one for one in overrides if re.search(rf"\.{re.escape(said.name) or '[0-9]+'}\b", one)), "")
    message = "cannot be deleted from a list" if typed.startswith("~") else "no such key in a list"
    return Problem(key_of(typed), message, _hint(line, _another_schedule(typed)) if "phases" in typed else "")


def _another_schedule(typed: str) -> list[Suggestion]:
    return [Suggestion(_PLAIN_LIST, ("lr=wsd", typed)), Suggestion(_PLAIN_LIST, ("lr=wsd",))]


def _place(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Tells of a group that has no place, the wrong one, or one that another has already."""
    # The place that Hydra names may be that of the curve which comes with what was typed.
    place = said.key.partition("@")[2]
    typed = next((one for one in overrides if "@" in one and place.startswith(key_of(one).partition("@")[2])), "")
    typed = next((one for one in overrides if key_of(one) == said.key), typed)
    group, _, place = key_of(typed or said.key).partition("@")
    option = value_of(typed)
    near = [Suggestion("to choose it where that group stands", (f"{choice}={option}",)) for choice in said.near]
    hint = _hint(line, another_place(line, group, option, place) if line else near)
    there = line.group_at(place) if line else None
    if not place:
        message = "this group needs a place, and has none here"
    elif there:
        message = f"its place is taken: {place} holds {there[0]}={there[1]}"
    else:
        message = "its place is taken" if said.case == "taken" else "is not part of this schedule"
    return Problem(key_of(typed or said.key), message, hint if typed else "")


def _unknown_key(said: Said, typed: str, line: Line | None) -> Problem:
    if said.known is None:
        return Problem(said.key, "unknown key", _hint(line, elsewhere(line, said.key, value_of(typed)) if line else ()))
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


def _nothing_to_delete(said: Said, line: Line | None) -> Problem:
    if not line:
        return Problem(said.key, "cannot be deleted, because it is not there")
    if said.key in line.choices:
        chosen = line.choices[said.key]
        hint = first_that_works(line, [Suggestion("to choose the other", (f"{said.key}={said.name}",))])
        return Problem(said.key, f"is {chosen} here, and not {said.name}", hint)
    base, _, position = said.key.rpartition(".")
    there = positions_shown(line, base.partition("@")[2] or base) if position.isdecimal() else ""
    return Problem(said.key, f"cannot be deleted, because it is not there{f'; there are {there}' if there else ''}")


def _groups(line: Line | None) -> list[str]:
    known = [choice.partition("@")[0] for choice in line.choices] if line else []
    return list(dict.fromkeys([*_GROUPS, *known]))


def _listed(line: Line | None, group: str) -> str:
    options = list(line.options(group)) if line else []
    return f"its options are {', '.join(options)}" if options else "--help lists the options of each group"


def _hint(line: Line | None, suggested: Iterable[Suggestion]) -> str:
    """Returns the first suggestion that works; the first of all where that cannot be tried."""
    if line:
        return first_that_works(line, suggested)
    return next((str(one) for one in suggested), "")

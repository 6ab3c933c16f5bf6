"""Hydra's composition errors as problems that say what to type instead.

Hydra stops at the first override it cannot apply, so there is one problem here where validation reports all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.errors import MissingConfigException, OverrideParseException
from yaml import MarkedYAMLError

from d9d_lr.composing.hydra_english import Said, read
from d9d_lr.composing.key_errors import in_list, mapping_and_list, nothing_to_delete, unknown_key
from d9d_lr.composing.line import Line
from d9d_lr.composing.overrides import key_of, parsed, value_of
from d9d_lr.composing.suggestions import Suggestion, another_place, hinted
from d9d_lr.composing.unparsed import unparsed
from d9d_lr.diagnostics.problems import Problem, did_you_mean

_GROUPS = ("lr", "lr/warmup", "lr/hold", "lr/decay", "lr/curve")


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
            return [_missing_file(read(error), error, overrides)]
        case MarkedYAMLError():
            return [_bad_yaml(error)]
        case UnicodeDecodeError():
            return [Problem("", f"a configuration file is not UTF-8 text: {error.reason} at byte {error.start}")]
        case RecursionError():
            return [Problem("", "a configuration file is nested too deeply, or names itself in its defaults")]
        case _:
            return [_unapplied(read(error), overrides, line)]


def _unapplied(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns why an override that parses cannot be applied."""
    if (keyless := next((one for one in overrides if not key_of(one)), None)) is not None:
        return Problem(keyless, "has no key", "an override is KEY=VALUE")
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
            return mapping_and_list(said, overrides, line)
        case "index":
            return in_list(said, overrides, line)
        case "unplaced" | "no_such_place" | "taken":
            return _place_of_group(said, overrides, line)
        case "not_in_defaults":
            return Problem(key, "is not in the defaults list", hinted(line, [Suggestion("to add it", (f"+{typed}",))]))
        case "two_keys":
            message = f"{said.name!r} and {said.name} are both position {said.name}"
            return Problem(
                key, message, f"Quote the position in the YAML file, as in '{said.name}':, so that it merges"
            )
        case "unknown_key":
            return unknown_key(said, typed, line)
        case "nothing_to_delete":
            return nothing_to_delete(said, line)
        case "other_value":
            return Problem(key, f"is {said.name}; it is deleted without a value, or with this one")
        case "no_group":
            return _no_such_group(key, line)
        case "several_values":
            return _several_values(key, typed, line)
        case "chosen_already":
            hint = hinted(line, [Suggestion("to choose another", (typed.lstrip("+"),))])
            return Problem(key, "is chosen already", hint)
        case "there_already":
            return Problem(key, "is there already", hinted(line, [Suggestion("to set it", (typed.lstrip("+"),))]))
        case "mode_in_file":
            message = "is set in a file that the primary config includes; it belongs on the command line"
            return Problem(key, message, "take it out of the file, and add --multirun to the command")
        case "not_mergeable":
            return Problem(key, said.line)
        case _:
            return Problem("", said.line)


def _no_such_group(key: str, line: Line | None) -> Problem:
    """Returns what is said of a group that does not exist."""
    known = [choice.partition("@")[0] for choice in line.choices] if line else []
    return Problem(key, "there is no such config group", did_you_mean(key, list(dict.fromkeys([*_GROUPS, *known]))))


def _no_option(overrides: Sequence[str], line: Line | None) -> Problem:
    """Returns what is said of a group whose value is no name: null, a number, true."""
    found = [one for override in overrides if (one := parsed(override)) and not one.is_delete()]
    wrong = [one for one in found if not isinstance(one.value(), str) and not one.is_sweep_override()]
    likely = [one for one in wrong if re.fullmatch(r"[^.]+(@.*)?", one.get_key_element().lstrip("+"))]
    if not likely:
        return Problem("", "an override is KEY=VALUE, and a config group takes the name of one of its options")
    key, value = likely[0].get_key_element().lstrip("+"), likely[0].get_value_element_as_str()
    none = [Suggestion("to leave it out", (f"{key}=none",))] if "@" in key else []
    group = key.partition("@")[0]
    return Problem(key, f"{value} is not the name of an option", hinted(line, none) or _listed(line, group))


def _several_values(key: str, typed: str, line: Line | None) -> Problem:
    """Returns what is said of several values for one key without --multirun."""
    options = line.options(key.partition("@")[0]) if line else []
    unknown = [value for value in value_of(typed).split(",") if value not in options] if options else []
    if unknown:
        return Problem(key, f"{unknown[0]!r} is not one of {', '.join(options)}", did_you_mean(unknown[0], options))
    lists = "" if options else f", or write a list, {key}=[{value_of(typed)}]"
    hint = f"add --multirun to run each of them{lists}"
    return Problem(key, "has several values, and this is a single run", hint)


def _place_of_group(said: Said, overrides: Sequence[str], line: Line | None) -> Problem:
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


def _listed(line: Line | None, group: str) -> str:
    """Returns the options of a group, as a hint."""
    options = list(line.options(group)) if line else []
    return f"its options are {', '.join(options)}" if options else "--help lists the options of each group"


def _missing_file(said: Said, error: MissingConfigException, overrides: Sequence[str]) -> Problem:
    """Returns what is said of a primary config, or of an option of a group, for which there is no file."""
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
    """Returns what is said of a file that is not YAML."""
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

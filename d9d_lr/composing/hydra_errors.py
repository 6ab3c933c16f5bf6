"""Hydra's composition errors, told as problems that say what to type instead.

Hydra stops at the first override it cannot apply, so there is one problem here where validation reports all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException, MissingConfigException, OverrideParseException
from omegaconf import DictConfig, ListConfig
from omegaconf.errors import OmegaConfBaseException
from yaml import MarkedYAMLError, YAMLError

from d9d_lr.diagnostics.hints import swap_hint
from d9d_lr.diagnostics.problems import Problem, did_you_mean

GROUPS = ("lr", "lr/warmup", "lr/hold", "lr/decay", "lr/curve", "optimizer", "task", "tracker", "experiment")

COMPOSITION_ERRORS = (HydraException, OmegaConfBaseException, YAMLError, TypeError, ValueError)
"""What Hydra raises while it composes."""

_LIST_HINT = (
    "this schedule holds a plain list, whose phases cannot be added, removed or swapped: choose one whose phases have "
    "positions, such as lr=wsd, or write the whole list into a file of your own"
)


def explain_hydra(error: Exception, overrides: Sequence[str]) -> list[Problem]:
    """Returns what a failed composition has to say.

    Args:
        error: What Hydra, or OmegaConf below it, raised.
        overrides: What was typed, to find the one at fault.
    """
    text = str(error)
    match error:
        case OverrideParseException():
            return [_unparsed(text, overrides)]
        case MissingConfigException():
            return [_missing(text, error, overrides)]
        case TypeError() if deleted := _first(overrides, r"~(.*phases\.\d+.*)"):
            return [Problem(deleted, "cannot be deleted from a list", _LIST_HINT)]
        case MarkedYAMLError():
            return [_bad_yaml(error)]
        case UnicodeDecodeError():
            return [Problem("", f"a configuration file is not UTF-8 text: {error.reason} at byte {error.start}")]
        case ValueError() if "Config group override must be" in text:
            return [_no_option(overrides)]
        case _:
            return [_unapplied(text, error, overrides)]


def _unapplied(text: str, error: Exception, overrides: Sequence[str]) -> Problem:
    """Tells why an override that parses cannot be applied; Hydra's text is all that says which case it is."""
    cause = error.__cause__
    if "Cannot merge DictConfig with ListConfig" in f"{text} {cause}":
        return _mapping_and_list(text, overrides)
    if isinstance(getattr(cause, "parent_node", None), ListConfig) or "phases[" in str(cause):
        return Problem(_first_of(text, r"override '?([^'=]+)"), "no such key in a list", _LIST_HINT)
    if group := _first_of(text, r"Could not override '([^'@]*/[^'@]*)'"):
        return _unplaced(group, text)
    if key := _first_of(text, r"Could not override '([^']*@[^']*)'"):
        return _no_such_place(key, text)
    if key := _first_of(text, r"Could not override '([^']*)'\. No match in the defaults list"):
        return Problem(key, "is not in the defaults list", f"to add it, type +{key}=NAME")
    if key := _first_of(text, r"Could not override '([^']*)'"):
        return _unknown_key(key, cause)
    if found := re.search(r"Could not delete (?:from config\. )?'([^']*)'", text):
        return Problem(found[1], "cannot be deleted, because it is not there")
    if group := _first_of(text, r"config group '([^']*)' does not exist"):
        return Problem(group, "there is no such config group", "" if group in GROUPS else did_you_mean(group, GROUPS))
    if key := _first_of(text, r"Ambiguous value for argument '([^'=]*)="):
        hint = f"add --multirun to run each of them, or write a list as {key}=[...]"
        return Problem(key, "has several values, and this is a single run", hint)
    if cause and (key := _first_of(text, r"Error merging override ([^=]+)=")):
        return Problem(key, _first_line(str(cause), cause))
    if group := _first_of(text, r"Multiple values for ([\w/@.]+)\."):
        return Problem(group, "is chosen already", f"to choose another, type {group}=NAME without the +")
    return Problem("", _first_line(text, error))


def _unparsed(text: str, overrides: Sequence[str]) -> Problem:
    typed = next((override for override in overrides if _parsed(override) is None), "")
    if re.search(r"phases\[", typed):
        return Problem(typed, "does not parse", "write " + re.sub(r"\[(\d+)\]", r".\1", typed))
    if typed and "=" not in typed and not typed.startswith("~"):
        return Problem(typed, "is not an override", f"give it a value, as in {typed}=VALUE")
    if "={" in typed or "=[" in typed:
        hint = "put it in quotes, so that the shell keeps it in one piece, with a space after each colon"
        return Problem(typed, "does not parse", f"{hint}: 'key={{a: 1, b: 2}}'")
    lines = [line for line in text.splitlines() if typed not in line and line.strip(" ^")]
    reason = next((f": {line}" for line in lines if not line.startswith("See ")), "")
    return Problem(typed, f"does not parse{reason}", "quote special characters: 'key=\"value\"'")


def _missing(text: str, error: MissingConfigException, overrides: Sequence[str]) -> Problem:
    wanted = _first_of(text, r"Could not find '([^']*)'") or str(error.missing_cfg_file or "")
    group, _, name = wanted.rpartition("/")
    options = list(error.options or [])
    typed = next((override for override in overrides if override.endswith(f"={name}")), "") if name else ""
    key = typed.partition("=")[0].lstrip("+") or group
    if "primary config" in text:
        return Problem("--config-name", _first_line(text, error))
    if not options:
        return Problem(key, _first_line(text, error))
    return Problem(key, f"{name!r} is not one of {', '.join(options)}", did_you_mean(name, options))


def _bad_yaml(error: MarkedYAMLError) -> Problem:
    mark = error.problem_mark
    place = f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}" if mark else "a configuration file"
    reason = " ".join(part for part in (error.context, error.problem) if part)
    hint = "indent with spaces" if "'\\t'" in reason else ""
    return Problem("", f"{place} is not valid YAML: {reason}", hint)


def _no_option(overrides: Sequence[str]) -> Problem:
    """Tells of a group whose value is no name: null, a number, true."""
    parsed = [_parsed(override) for override in overrides]
    wrong = [one for one in parsed if one and not one.is_delete() and not isinstance(one.value(), str | list)]
    likely = [one for one in wrong if re.fullmatch(r"[^.]*(@.*)?", one.get_key_element().lstrip("+"))]
    if not likely:
        return Problem("", "a config group must be given a name of one of its options")
    key = likely[0].get_key_element().lstrip("+")
    hint = f"type {key}=none to leave it out" if "@" in key else "--help lists the options of each group"
    return Problem(key, f"{likely[0].get_value_element_as_str()} is not the name of an option", hint)


def _mapping_and_list(text: str, overrides: Sequence[str]) -> Problem:
    key = _first_of(text, r"Error merging override ([^=]+)=")
    if key:
        hint = "leave out a phase with ~lr.phases.1, or write the whole list into a file of your own"
        return Problem(key, "is a mapping from position to phase, and a list cannot take its place", hint)
    added = _first(overrides, r"\+?([^=]*@[^=]*)=.*")
    if not added:
        return Problem(_first_of(text, r"In '([^']*)'"), "the file holds a list, and a mapping is needed there")
    return Problem(added, "this group needs a phase with a position, and there is a list", _LIST_HINT)


def _unplaced(group: str, text: str) -> Problem:
    places = re.findall(r"(?:override |one of )?(\S+@[\w.]+)", text)
    example = places[0] if places else f"{group}@lr.phases.0"
    return Problem(group, "this group needs a place, and has none here", f"say which phase, as in {example}=NAME")


def _no_such_place(key: str, text: str) -> Problem:
    near = _first_of(text, r"Did you mean to override (\S+?)\?")
    hints = [f"did you mean {near}?"] if near else []
    if re.search(r"@lr\.phases\.\d+$", key):
        hints.append(f"to add a phase there, type +{key}=NAME")
    return Problem(key, "is not part of this schedule", " ".join(hints))


def _unknown_key(key: str, cause: BaseException | None) -> Problem:
    parent = getattr(cause, "parent_node", None)
    if not (isinstance(cause, OmegaConfBaseException) and isinstance(parent, DictConfig)):
        return Problem(key, "unknown key", _adding_hint(key))
    full_key, name = str(cause.full_key), str(cause.key)
    known = [str(one) for one in parent] if not parent._is_none() else []
    if full_key.split(".")[-2:-1] == ["phases"]:
        return _unknown_phase(key, name, known)
    said = f"allowed here: {', '.join(known)}" if known else "nothing is allowed here"
    hint = did_you_mean(name, known) or swap_hint(full_key) or _adding_hint(full_key)
    return Problem(full_key, f"unknown key {name!r}; {said}", hint)


def _unknown_phase(key: str, name: str, known: Sequence[str]) -> Problem:
    if not name.isdecimal():
        return Problem(key, f"{name!r} is not a position; there are {', '.join(known)}")
    place = key[: key.index("phases.") + len(f"phases.{name}")]
    hint = f"to add a phase there, type +lr/decay@{place}=linear (or lr/warmup, lr/hold)"
    return Problem(key, f"there is no phase {name}; there are {', '.join(known)}", hint)


def _adding_hint(key: str) -> str:
    if key.split(".")[0] in {"optimizer", "task"}:
        return f"an argument of a _target_ of your own is added by +{key}=VALUE"
    return ""


def _parsed(override: str) -> Override | None:
    try:
        return OverridesParser.create().parse_override(override)
    except HydraException:
        return None


def _first(overrides: Sequence[str], pattern: str) -> str:
    return next((found.group(1) for override in overrides if (found := re.fullmatch(pattern, override))), "")


def _first_of(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""


def _first_line(text: str, error: BaseException) -> str:
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__

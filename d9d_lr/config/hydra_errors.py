"""Hydra's composition errors, told as problems that say what to type instead.

Hydra stops at the first override it cannot apply, so there is one problem here where validation reports all of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig, ListConfig
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.problems import Problem, did_you_mean

_LIST_HINT = (
    "this schedule holds a plain list of phases, which cannot be changed one by one: choose one whose phases have "
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
        case ValueError() if "Config group override must be" in text:
            group = _first(overrides, r"([^=]*[/@]?[^=]*)=null") or "a config group"
            return [Problem(group, "a config group cannot be null", f"type {group}=none or ~{group}")]
        case _ if group := _first_of(text, r"Could not override '([^'@]*/[^'@]*)'"):
            return [_unplaced(group, text)]
        case _ if key := _first_of(text, r"Could not override '([^']*)'"):
            return [_unknown_key(key, text, error.__cause__)]
        case _:
            return [Problem("", _first_line(text, error))]


def _unparsed(text: str, overrides: Sequence[str]) -> Problem:
    typed = next((override for override in overrides if override in text), "")
    if re.search(r"phases\[", typed):
        return Problem(typed, "does not parse", "write " + re.sub(r"\[(\d+)\]", r".\1", typed))
    if typed and "=" not in typed and not typed.startswith("~"):
        return Problem(typed, "is not an override", f"give it a value, as in {typed}=VALUE")
    reason = next((line for line in text.splitlines()[1:] if line.strip(" ^") and not line.startswith("See ")), "")
    return Problem(
        typed, f"does not parse: {reason}" if reason else "does not parse", "quote special characters: 'key=\"value\"'"
    )


def _missing(text: str, error: MissingConfigException, overrides: Sequence[str]) -> Problem:
    wanted = _first_of(text, r"Could not find '([^']*)'") or str(error.missing_cfg_file or "")
    group, _, name = wanted.rpartition("/")
    options = list(error.options or [])
    typed = next((override for override in overrides if override.endswith(f"={name}")), "") if name else ""
    key = typed.partition("=")[0].lstrip("+") or group or "config"
    if not options:
        return Problem(key, _first_line(text, error))
    return Problem(key, f"{name!r} is not one of {', '.join(options)}", did_you_mean(name, options))


def _unplaced(group: str, text: str) -> Problem:
    places = re.findall(r"(?:override |one of )?(\S+@[\w.]+)", text)
    example = places[0] if places else f"{group}@lr.phases.0"
    return Problem(group, "this group needs a place, and has none here", f"say which phase, as in {example}=NAME")


def _unknown_key(key: str, text: str, cause: BaseException | None) -> Problem:
    if "@" in key:
        near = _first_of(text, r"Did you mean to override (\S+?)\?")
        also = f"did you mean {near}? " if near else ""
        return Problem(key, "is not part of this schedule", f"{also}to add a phase there, type +{key}=NAME")
    parent = getattr(cause, "parent_node", None)
    name = getattr(cause, "key", None)
    if isinstance(parent, ListConfig) or "phases[" in str(cause):
        return Problem(key, "no such key in a list", _LIST_HINT)
    if isinstance(parent, DictConfig) and isinstance(cause, OmegaConfBaseException):
        known = [str(known) for known in parent]
        return Problem(
            key,
            f"unknown key; allowed here: {', '.join(known)}",
            did_you_mean(str(name), known) or f"to add it all the same, type +{key}=VALUE",
        )
    return Problem(key, "unknown key", f"to add it all the same, type +{key}=VALUE")


def _first(overrides: Sequence[str], pattern: str) -> str:
    return next((found.group(1) for override in overrides if (found := re.fullmatch(pattern, override))), "")


def _first_of(text: str, pattern: str) -> str:
    found = re.search(pattern, text)
    return found.group(1) if found else ""


def _first_line(text: str, error: Exception) -> str:
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__

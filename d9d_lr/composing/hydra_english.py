"""Hydra's and OmegaConf's English: what their errors say, beyond their words. No other module reads it.

`hydra_internals.py` has what is private, and the versions that both were tried with: names of code change with other
releases than sentences do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from omegaconf import DictConfig, ListConfig
from omegaconf.errors import OmegaConfBaseException

Case = Literal[
    "no_file",
    "no_folder",
    "not_there",
    "no_value",
    "mapping_and_list",
    "index",
    "unplaced",
    "no_such_place",
    "not_in_defaults",
    "two_keys",
    "unknown_key",
    "nothing_to_delete",
    "other_value",
    "no_group",
    "several_values",
    "not_mergeable",
    "chosen_already",
    "there_already",
    "taken",
    "no_name",
    "not_chosen",
    "mode_in_file",
    "other",
]

_SENTENCES: tuple[tuple[Case, str], ...] = (
    ("no_file", r"Cannot find primary config '(?P<key>[^']*)'"),
    ("not_there", r"Could not find '(?P<key>[^']*)'"),
    ("not_there", r"Could not load '(?P<key>[^']*)'"),
    ("mode_in_file", r"(?P<key>hydra\.mode) changed during config composition"),
    ("no_name", r"Config group override must be a string or a list"),
    ("no_name", r"argument of type '\w+' is not iterable"),
    ("not_chosen", r"You must specify '(?P<key>[^']*)'"),
    (
        "mapping_and_list",
        r"(?:Error merging override \+*(?P<key>[^=]+)=|In '(?P<file>[^']*)')[^\0]*"
        r"Cannot merge (?:DictConfig with ListConfig|incompatible container types)",
    ),
    ("index", r"Error merging override \+*(?P<key>[^=]+)=[^\0]*list index out of range"),
    ("index", r"Could not override '(?P<key>[^']*)'[^\0]*full_key: \S*\[\d+\]"),
    ("index", r"invalid literal for int\(\) with base 10: '(?P<name>[^']*)'"),
    ("index", r"list indices must be integers or slices, not str"),
    ("unplaced", r"Could not override '(?P<key>[^'@]*/[^'@]*)'"),
    ("no_such_place", r"Could not override '(?P<key>[^']*@[^']*)'"),
    ("no_such_place", r"Invalid Defaults List override '/?(?P<key>[^':]*@[^':]*): (?P<name>[^']*)'"),
    ("not_in_defaults", r"Invalid Defaults List override '/?(?P<key>[^':]*): (?P<name>[^']*)'"),
    ("not_in_defaults", r"Could not override '(?P<key>[^']*)'\. No match in the defaults list"),
    ("two_keys", r"Conflicting integer and string keys: '(?P<name>[^']*)'[^\0]*full_key: (?P<key>\S+)\.\S+"),
    ("unknown_key", r"Could not override '(?P<key>[^']*)'"),
    ("nothing_to_delete", r"Could not delete (?:from config\. )?'(?P<key>[^'=]*)(?:=(?P<name>[^']*))?'"),
    ("other_value", r"The value of '(?P<key>[^']*)' is (?P<name>.*) and not"),
    ("no_group", r"config group '(?P<key>[^']*)' does not exist"),
    ("several_values", r"Ambiguous value for argument '(?P<key>[^'=]*)="),
    ("no_folder", r"Additional config directory '(?P<key>[^']*)' not found"),
    ("not_mergeable", r"Error merging override \+*(?P<key>[^=]+)="),
    ("there_already", r"Could not append to config\. An item is already at '(?P<key>[^']*)'"),
    ("chosen_already", r"Multiple values for (?P<key>[\w/@.]+)\."),
    ("taken", r"(?P<key>\S+) appears more than once in the final defaults list"),
)
"""What Hydra and OmegaConf say, with the text of the cause behind it; the first that fits counts."""

_NEAR = r"Did you mean to override (?:one of )?([^?]+)\?"


@dataclass(frozen=True)
class Said:
    """What Hydra said of a command line, beyond its words.

    Attributes:
        case: What is wrong.
        key: The key, group or file that it is about; empty where Hydra names none.
        name: The part of the key, or the value, that does not fit.
        near: What could be overridden instead.
        known: The keys that are there in place of an unknown one.
        full_key: An unknown key, as far as it leads.
        in_list: Whether the key leads into a list.
        line: The first line of its text.
    """

    case: Case
    key: str = ""
    name: str = ""
    near: tuple[str, ...] = ()
    known: tuple[str, ...] | None = None
    full_key: str = ""
    in_list: bool = False
    line: str = ""


def read(error: BaseException) -> Said:
    """Returns what Hydra, or OmegaConf below it, said in an error."""
    text, cause = str(error), error.__cause__
    everything = f"{text}\n{cause or ''}"
    case, found = next(
        ((case, match.groupdict()) for case, pattern in _SENTENCES if (match := re.search(pattern, everything))),
        ("other", {}),
    )
    near = re.search(_NEAR, text)
    parent = getattr(cause, "parent_node", None)
    detailed = cause if case == "not_mergeable" and cause else error
    return Said(
        case=case,
        key=found.get("key") or found.get("file") or "",
        name=found.get("name") or (str(cause.key) if isinstance(cause, OmegaConfBaseException) else ""),
        near=tuple(near[1].split(", ")) if near else (),
        known=tuple(map(str, parent.keys())) if isinstance(parent, DictConfig) else None,
        full_key=str(cause.full_key) if isinstance(cause, OmegaConfBaseException) else "",
        in_list=isinstance(parent, ListConfig),
        line=_first_line(detailed),
    )


def why_unparsed(error: BaseException, typed: str) -> str:
    """Returns the line of a parser's error that says more than what was typed."""
    lines = [line for line in str(error).splitlines() if typed not in line and line.strip(" ^")]
    return next((line for line in lines if not line.startswith("See ")), "")


def _first_line(error: BaseException) -> str:
    text = re.sub(r"^In '[^']*': (?=You must)", "", str(error).strip())
    return text.splitlines()[0] if text else type(error).__name__

"""The points of a sweep: every combination of the swept values, with zipped keys advancing together."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean
from d9d_lr.sweeping.folders import folder_name
from d9d_lr.sweeping.settings import SECTION


@dataclass(frozen=True)
class Point:
    """One combination of the swept values.

    Attributes:
        number: Its place in the plan, from 0.
        changed: The swept keys with this point's values, as typed, without quotes that change nothing.
        overrides: Everything typed for this point, in the order typed.
        folder: The name of its folder in the sweep's folder.
    """

    number: int
    changed: Mapping[str, str]
    overrides: tuple[str, ...]
    folder: str


@dataclass(frozen=True)
class _Typed:
    """One key as typed, with the overrides that it stands for: one, or one for each swept value."""

    key: str
    swept: bool
    values: tuple[str, ...]
    overrides: tuple[str, ...]


def plan_points(
    overrides: Sequence[Override], zipped: Sequence[Sequence[str]] = (), section: str | None = SECTION
) -> list[Point]:
    """Combines overrides into points; a key typed twice counts as typed last.

    Args:
        overrides: What was typed, parsed.
        zipped: Groups of swept keys that advance together.
        section: The section whose keys steer the sweep and are left out of its points; None for none.

    Raises:
        ConfigError: If a key has no values or no end of them, or a group does not fit the swept keys.
    """
    typed = {override.get_key_element(): _typed(override) for override in overrides if not _steers(override, section)}
    blocks = _blocks(list(typed.values()), zipped)
    rows = itertools.product(*(range(len(block[0].overrides)) for block in blocks))
    return [_point(number, blocks, row) for number, row in enumerate(rows)]


def _steers(override: Override, section: str | None) -> bool:
    ours = override.key_or_group.split(".")[0] == section
    if ours and override.is_sweep_override():
        raise ConfigError([Problem(override.key_or_group, "cannot be swept; it steers the whole sweep")])
    return ours


def _typed(override: Override) -> _Typed:
    name, element = _name(override), override.get_key_element()
    if not override.is_sweep_override():
        return _Typed(name, False, (override.get_value_element_as_str(),), (str(override.input_line),))
    if not override.is_discrete_sweep():
        hint = "list the values, use range(start,stop,step), or search with hydra/sweeper=optuna"
        typed = str(override.input_line).partition("=")[2]
        raise ConfigError([Problem(name, f"{typed} has no end of values", hint)])
    values = tuple(override.sweep_string_iterator())
    if not values:
        raise ConfigError([Problem(name, f"{str(override.input_line).partition('=')[2]} stands for no value at all")])
    return _Typed(name, True, tuple(map(_unquoted, values)), tuple(f"{element}={value}" for value in values))


def _name(override: Override) -> str:
    """The key without the + or ~ in front."""
    return override.get_key_element().lstrip("+~")


def _unquoted(value: str) -> str:
    """Drops quotes that change nothing: 'wsd' is wsd, while '5' is no 5 and 'a,b' no list of two."""
    if len(value) < 2 or value[0] != value[-1] or value[0] not in "'\"":
        return value
    return value[1:-1] if _means(value) == _means(value[1:-1]) else value


@cache
def _means(value: str) -> object:
    """Returns what Hydra takes a value for; the text in quotes and out of them is the same text."""
    try:
        meaning = OverridesParser.create().parse_override(f"key={value}").value()
    except HydraException:
        return HydraException
    return getattr(meaning, "text", meaning)


def _blocks(typed: list[_Typed], zipped: Sequence[Sequence[str]]) -> list[tuple[_Typed, ...]]:
    """Groups the keys that advance together, each group at the place of its first key."""
    groups = [tuple(key.lstrip("+~") for key in group) for group in zipped]
    swept = {item.key: item for item in typed if item.swept}
    problems = list(_misfits(groups, swept))
    if problems:
        raise ConfigError(problems)
    group_of = {key: group for group in groups for key in group}
    blocks: dict[tuple[str, ...], tuple[_Typed, ...]] = {}
    for item in typed:
        group = group_of.get(item.key)
        blocks.setdefault(group or item.overrides, tuple(swept[key] for key in group) if group else (item,))
    return list(blocks.values())


def _misfits(groups: list[tuple[str, ...]], swept: Mapping[str, _Typed]) -> list[Problem]:
    problems = []
    counts: dict[str, int] = {}
    for group in groups:
        for key in group:
            counts[key] = counts.get(key, 0) + 1
            if key not in swept:
                known = f"these are: {', '.join(swept)}" if swept else "no key is"
                problems.append(Problem(f"{SECTION}.zip", f"{key} is not swept; {known}", did_you_mean(key, swept)))
        lengths = {key: len(swept[key].values) for key in group if key in swept}
        if len(set(lengths.values())) > 1:
            told = ", ".join(f"{key} has {length}" for key, length in lengths.items())
            problems.append(Problem(f"{SECTION}.zip", f"keys that advance together need equal lengths; {told}"))
    problems += [
        Problem(f"{SECTION}.zip", f"{key} is named {count} times") for key, count in counts.items() if count > 1
    ]
    return problems


def _point(number: int, blocks: list[tuple[_Typed, ...]], row: Sequence[int]) -> Point:
    chosen = [(item, index) for block, index in zip(blocks, row, strict=True) for item in block]
    changed = {item.key: item.values[index] for item, index in chosen if item.swept}
    overrides = tuple(item.overrides[index] for item, index in chosen)
    named = changed or {item.key: item.values[index] for item, index in chosen}
    return Point(number, changed, overrides, folder_name(named))

"""The points of a sweep: every combination of the swept values, for each part of a union, zipped keys together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from hydra.core.override_parser.types import Override

from d9d_lr.composing.application import Application
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean
from d9d_lr.sweeping.folders import folder_name
from d9d_lr.sweeping.settings import SECTION, SWEEPER, SweepConfig, resolve_sweep
from d9d_lr.sweeping.typed import Typed, as_typed, key_of

Parse = Callable[[Sequence[str]], Sequence[Override]]
"""Parses overrides as Hydra does; raises ConfigError where it cannot."""

_Block = tuple[Typed, ...]
"""Keys that advance together; most stand alone."""


@dataclass(frozen=True)
class Point:
    """One combination of the swept values.

    Attributes:
        number: Its place in the plan, from 0.
        changed: The swept keys with this point's values, as typed, without quotes that change nothing; with those of
            its part of a union.
        overrides: Everything typed for this point, in the order typed.
        folder: The name of its folder in the sweep's folder.
    """

    number: int
    changed: Mapping[str, str]
    overrides: tuple[str, ...]
    folder: str


def plan_sweep(
    overrides: Sequence[Override], settings: SweepConfig, parse: Parse, section: str | None = SECTION
) -> list[Point]:
    """Combines overrides into points; a key typed twice counts as typed last.

    Args:
        overrides: What was typed, parsed.
        settings: How the sweep goes: what is joined, and what advances together.
        parse: Parses the parts of a union.
        section: The section whose keys steer the sweep and are left out of its points; None for none.

    Raises:
        ConfigError: If a key has no values or no end of them, or the keys do not fit the way of the sweep.
    """
    steering = section or SWEEPER
    common = [override for override in overrides if not _steers(override, section)]
    parts = [_part(parse(part), f"{steering}.union", section) for part in settings.union]
    groups = [tuple(key.lstrip("+~") for key in group) for group in settings.zip]
    swept = [key_of(override) for override in itertools.chain(common, *parts) if override.is_sweep_override()]
    if problems := list(_misfits(groups, swept, f"{steering}.zip")):
        raise ConfigError(problems)
    points = [point for part in parts or [[]] for point in _combined(common, part, groups, f"{steering}.zip")]
    return [replace(point, number=number) for number, point in enumerate(points)]


def points_of(application: Application, overrides: Sequence[str]) -> list[Point]:
    """Returns the points that a sweep with these words would run, planned as the sweeper plans them.

    Raises:
        ConfigError: If an override does not parse, or asks for values that cannot be listed.
    """
    parsed = application.parsed(overrides)
    if application.is_own:  # a section that is called sweep means there what it likes
        return plan_sweep(parsed, SweepConfig(), application.parse, section=None)
    steering = [str(override.input_line) for override in parsed if override.key_or_group.startswith("sweep.")]
    return plan_sweep(parsed, resolve_sweep(application.compose(steering).get(SECTION, {})), application.parse)


def _steers(override: Override, section: str | None) -> bool:
    ours = override.key_or_group.split(".")[0] == section
    if ours and override.is_sweep_override():
        raise ConfigError([Problem(override.key_or_group, "cannot be swept; it steers the whole sweep")])
    return ours


def _part(overrides: Sequence[Override], key: str, section: str | None) -> Sequence[Override]:
    """Returns a part of a union, which steers neither the sweep nor Hydra."""
    steering = [item for item in overrides if item.is_hydra_override() or _steers(item, section)]
    if steering:
        raise ConfigError(
            Problem(key, f"{item.input_line} cannot stand here; it is for all points") for item in steering
        )
    return overrides


def _combined(
    common: Sequence[Override], part: Sequence[Override], groups: Sequence[tuple[str, ...]], key: str
) -> Iterator[Point]:
    """Yields the points of one part: each of its combinations with each of the common keys, its own winning."""
    typed = {override.get_key_element(): as_typed(override) for override in (*common, *part)}
    own = {key_of(override) for override in part}
    blocks = _blocks(list(typed.values()), groups, key)
    for row in itertools.product(*(range(len(block[0].overrides)) for block in blocks)):
        yield _point(blocks, row, own)


def _blocks(typed: list[Typed], groups: Sequence[tuple[str, ...]], key: str) -> list[_Block]:
    """Groups the keys that advance together, each group at the place of its first key; a part may lack a group."""
    swept = {item.key: item for item in typed if item.swept}
    here = [group for group in groups if any(name in swept for name in group)]
    if problems := list(_uneven(here, swept, key)):
        raise ConfigError(problems)
    group_of = {name: group for group in here for name in group}
    blocks: dict[tuple[str, ...], _Block] = {}
    for item in typed:
        group = group_of.get(item.key)
        blocks.setdefault(group or item.overrides, tuple(swept[name] for name in group) if group else (item,))
    return list(blocks.values())


def _misfits(groups: Sequence[tuple[str, ...]], swept: Sequence[str], key: str) -> Iterator[Problem]:
    """Yields what is wrong with groups of keys wherever they stand."""
    named = [name for group in groups for name in group]
    for name in dict.fromkeys(named):
        if name not in swept:
            known = f"these are: {', '.join(dict.fromkeys(swept))}" if swept else "no key is"
            yield Problem(key, f"{name} is not swept; {known}", did_you_mean(name, swept))
        if named.count(name) > 1:
            yield Problem(key, f"{name} is named {named.count(name)} times")


def _uneven(groups: Sequence[tuple[str, ...]], swept: Mapping[str, Typed], key: str) -> Iterator[Problem]:
    """Yields what is wrong with the lengths of groups in one part."""
    for group in groups:
        lengths = {name: len(swept[name].values) if name in swept else 1 for name in group}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{name} has {length}" for name, length in lengths.items())
            yield Problem(key, f"keys that advance together need equal lengths; {said}")


def _point(blocks: Sequence[_Block], row: Sequence[int], own: set[str]) -> Point:
    chosen = [(item, index) for block, index in zip(blocks, row, strict=True) for item in block]
    changed = {item.key: item.values[index] for item, index in chosen if item.swept or item.key in own}
    overrides = tuple(item.overrides[index] for item, index in chosen)
    named = changed or {item.key: item.values[index] for item, index in chosen}
    return Point(0, changed, overrides, folder_name(named))

"""A command line without what is wrong with it: what stands where in it, and whether something else would work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.hydra_internals import COMPOSITION_ERRORS
from d9d_lr.composing.overrides import check_overrides, key_of, parsed, value_of
from d9d_lr.diagnostics.problems import ConfigError, Problem, leaves

KINDS = ("mode", "type", "name")
"""The discriminators: fields that name the kind of a phase, a curve, a task or an optimizer."""

Check = Callable[[DictConfig], Any]
"""Validates what was composed; raises ConfigError."""


class Composer(Protocol):
    """What composes a command line: an application that is open."""

    def composed(self, overrides: Sequence[str]) -> DictConfig:
        """Composes, with the `hydra` section; raises what Hydra raises."""

    def options(self, group: str) -> list[str]:
        """Returns the options of a config group."""

    def content(self, group: str, option: str) -> Mapping[str, Any]:
        """Returns what the file of an option says itself; None for what its defaults bring."""


class Line:
    """The overrides of a command line that compose.

    Args:
        composer: What composes them.
        check: Validates what was composed.
        overrides: Those that nothing is wrong with.
    """

    def __init__(self, composer: Composer, check: Check, overrides: Sequence[str]) -> None:
        self._composer = composer
        self._check = check
        self._overrides = tuple(overrides)

    def options(self, group: str) -> list[str]:
        """Returns the options of a config group."""
        return self._composer.options(group)

    @cached_property
    def choices(self) -> Mapping[str, str]:
        """The option of each group, by the group or `group@place`."""
        return {
            str(key): str(value)
            for key, value in (OmegaConf.select(self._composed, "hydra.runtime.choices") or {}).items()
            if not str(key).startswith("hydra/") and value is not None
        }

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """Every value that is set, by its whole key."""
        plain = OmegaConf.to_container(self._composed)
        assert isinstance(plain, dict)
        return dict(leaves({key: node for key, node in plain.items() if key != "hydra"}))

    def group_at(self, place: str) -> tuple[str, str] | None:
        """Returns the group, and its option, that stands at a place such as `lr.phases.0`."""
        for key, option in self.choices.items():
            group, _, at = key.partition("@")
            if (at or group.replace("/", ".")) == place:
                return group, option
        return None

    def takes(self, group: str, option: str, place: str, typed: Sequence[str]) -> bool:
        """Whether an option has the keys that were typed below its place, and the kind that they ask for."""
        content = self._composer.content(group, option)
        if content.get("mode") == "rest" and self._has_later(place):
            return False
        return all(
            (content.get(key) == value) if key in KINDS else key.partition(".")[0] in content
            for one in typed
            for key, value in _below(one, place)
        )

    def _has_later(self, place: str) -> bool:
        """Whether a phase stands behind a place."""
        base, _, position = place.rpartition(".")
        return position.isdecimal() and any(later > int(position) for later in self.positions.get(base, ()))

    @cached_property
    def positions(self) -> Mapping[str, set[int]]:
        """The positions that are taken, by the key of the phases."""
        found: dict[str, set[int]] = {}
        for key in [*self.values, *(choice.partition("@")[2] for choice in self.choices)]:
            if match := re.match(r"((?:.*\.)?phases)\.(\d+)(?:\.|$)", key):
                found.setdefault(match[1], set()).add(int(match[2]))
        return found

    def works(self, overrides: Sequence[str]) -> bool:
        """Whether more overrides, which win over the line's own, compose and bring no problem of their own."""
        keys = {key_of(one) for one in overrides}
        others = [one for one in self._overrides if key_of(one) not in keys]
        try:
            check_overrides(overrides)
            problems = problems_of(self._check, self._composer.composed([*others, *overrides]))
        except (ConfigError, *COMPOSITION_ERRORS):
            return False
        return {problem.key for problem in problems} <= {problem.key for problem in self._problems}

    @cached_property
    def _composed(self) -> DictConfig:
        try:
            return self._composer.composed(self._overrides)
        except COMPOSITION_ERRORS:  # what is wrong lies in a file
            return OmegaConf.create()

    @cached_property
    def _problems(self) -> list[Problem]:
        return problems_of(self._check, self._composed)


def problems_of(check: Check, config: DictConfig) -> list[Problem]:
    """Returns what is wrong with a composed configuration."""
    try:
        check(config)
    except ConfigError as error:
        return list(error.problems)
    return []


def _below(override: str, place: str) -> Iterator[tuple[str, Any]]:
    """Yields the keys that an override sets below a place, and their values."""
    key, one = key_of(override), parsed(override)
    value = one.value() if one and not one.is_delete() else value_of(override)
    if key == place and isinstance(value, dict):
        yield from ((str(name), child) for name, child in value.items())
    else:
        yield key.removeprefix(f"{place}."), value

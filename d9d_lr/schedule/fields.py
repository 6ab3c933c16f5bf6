"""What the fields of a curve and of a phase have in common, wherever they are filled in.

Curves and phases are standard-library dataclasses: Python code builds them directly, and Pydantic reads them by the
same annotations, with no import of it here. `Gt`, `Ge`, `Lt` and `Le` of `annotated_types` are the limits of a field,
and `NUMBER` marks one that takes no boolean and no text.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, Union, get_args, get_origin, get_type_hints

from annotated_types import Ge, Gt, Le

from d9d_lr.diagnostics.limits import kind_in_words, limits_in, within
from d9d_lr.diagnostics.problems import ConfigError, Problem, WrongKindError

MAX_STEPS = 2**53
"""Step counts stay below this, where every integer is still exact as a float."""

MAX_MULTIPLIER = 1e100
"""Multipliers stay within this, so that the difference of two of them is finite."""


class Number:
    """Marks a number that must be written as one. Stands after the limits, so that the JSON schema has those."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        check = {"type": "no-info", "function": number}
        return {"type": "function-before", "function": check, "schema": handler(source)}


NUMBER = Number()


def number(value: Any) -> Any:
    """Refuses what would quietly become a number: booleans and text.

    Raises:
        WrongKindError: If the value is one of those.
    """
    if isinstance(value, bool | str | bytes):
        raise WrongKindError(f"{value!r} is not a number")
    return value


Steps = Annotated[int, Gt(0), Le(MAX_STEPS), NUMBER]
StepPosition = Annotated[int, Ge(-MAX_STEPS), Le(MAX_STEPS), NUMBER]
StepCount = Annotated[int, Ge(0), Le(MAX_STEPS), NUMBER]
Multiplier = Annotated[float, Ge(-MAX_MULTIPLIER), Le(MAX_MULTIPLIER), NUMBER]
AboveZero = Annotated[float, Gt(0), NUMBER]
AtLeastOne = Annotated[float, Ge(1.0), NUMBER]
RunFraction = Annotated[float, Ge(0.0), Le(1.0), NUMBER]


@dataclass(frozen=True)
class Checked:
    """The base of curves and phases: a field that breaks its own annotation is refused, and so is an unknown key."""

    __pydantic_config__: ClassVar[dict[str, Any]] = {"extra": "forbid", "allow_inf_nan": False}

    def __post_init__(self) -> None:
        """Checks every number against the limits of its field; whole numbers of float fields become floats.

        Raises:
            ConfigError: With each field that breaks them, its value and what is allowed.
        """
        problems = []
        owner: Any = type(self)  # a class that defines __eq__ is no Hashable to mypy, and the cache asks for one
        for name, (kind, limits, optional) in _numbers(owner).items():
            value = getattr(self, name)
            if value is None and optional:
                continue
            if not within(value, kind, limits):
                problems.append(_not_allowed(name, value, kind, limits))
            elif kind is float and type(value) is int:
                object.__setattr__(self, name, float(value))
        problems = problems or list(self.cross_problems())
        if problems:
            raise ConfigError(problems)

    def cross_problems(self) -> Iterable[Problem]:
        """Returns what is wrong with several fields taken together."""
        return ()


def number_problems(name: str, value: Any, annotation: Any) -> list[Problem]:
    """Returns what is wrong with the value of a field that is a number; nothing for other fields."""
    kind, limits = number_of(annotation)
    if kind is None or within(value, kind, limits):
        return []
    return [_not_allowed(name, value, kind, limits)]


def _not_allowed(name: str, value: Any, kind: type, limits: Mapping[str, Any]) -> Problem:
    return Problem(name, f"{value!r} is not allowed; it must be {kind_in_words(kind, limits)}")


def number_of(annotation: Any) -> tuple[type | None, dict[str, Any]]:
    """Returns int or float and the limits of a number; None for what is no number."""
    kind, *metadata = get_args(annotation) if get_origin(annotation) is Annotated else [annotation]
    return (kind, limits_in(metadata)) if kind in (int, float) else (None, {})


def _optional(annotation: Any) -> tuple[Any, bool]:
    """Returns `A` of `A | None`, and whether it was one."""
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else ()
    others = [member for member in members if member is not NoneType]
    return (others[0], True) if len(others) == 1 < len(members) else (annotation, False)


@functools.cache
def _numbers(owner: type[Checked]) -> dict[str, tuple[type, dict[str, Any], bool]]:
    """Returns the fields that are numbers: int or float, the limits, and whether there may be none."""
    hints, found = get_type_hints(owner, include_extras=True), {}
    for field in fields(owner):
        annotation, optional = _optional(hints[field.name])
        kind, limits = number_of(annotation)
        if kind is not None:
            found[field.name] = kind, limits, optional
    return found

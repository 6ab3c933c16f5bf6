"""A key as it was typed, with the values that it stands for."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException

from d9d_lr.diagnostics.problems import ConfigError, Problem


@dataclass(frozen=True)
class Typed:
    """One key as typed.

    Attributes:
        key: The key, without the + or ~ in front.
        swept: Whether it was given several values.
        values: The values, without quotes that change nothing.
        overrides: What sets each of them.
    """

    key: str
    swept: bool
    values: tuple[str, ...]
    overrides: tuple[str, ...]


def as_typed(override: Override) -> Typed:
    """Returns what an override stands for.

    Raises:
        ConfigError: If it has no values, or no end of them.
    """
    name, element = key_of(override), override.get_key_element()
    if not override.is_sweep_override():
        return Typed(name, False, (override.get_value_element_as_str(),), (str(override.input_line),))
    said = str(override.input_line).partition("=")[2]
    if not override.is_discrete_sweep():
        hint = "list the values, use range(start,stop,step), or search with hydra/sweeper=optuna"
        raise ConfigError([Problem(name, f"{said} has no end of values", hint)])
    values = tuple(override.sweep_string_iterator())
    if not values:
        raise ConfigError([Problem(name, f"{said} stands for no value at all")])
    return Typed(name, True, tuple(map(unquoted, values)), tuple(f"{element}={value}" for value in values))


def key_of(override: Override) -> str:
    """Returns the key without the + or ~ in front."""
    return override.get_key_element().lstrip("+~")


def unquoted(value: str) -> str:
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

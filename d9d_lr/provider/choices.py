"""Checks of plain arguments, where no config model stands at the edge."""

from __future__ import annotations

import numbers
from typing import Any, TypeVar, get_args

from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean
from d9d_lr.schedule.fields import MAX_STEPS

T = TypeVar("T")


def one_of(name: str, value: T, literal: Any) -> T:
    """Returns a value of a `Literal`.

    Raises:
        ConfigError: If it is none of them.
    """
    allowed = get_args(literal)
    if value not in allowed:
        message = f"{value!r} is not allowed; it must be {', '.join(allowed[:-1])} or {allowed[-1]}"
        raise ConfigError([Problem(name, message, did_you_mean(str(value), allowed))])
    return value


def check_total_steps(total_steps: Any) -> None:
    """Refuses what is no number of steps: 62.5, infinity, -1.

    Raises:
        ConfigError: If it is not a whole number from 1 to 2**53.
    """
    whole = isinstance(total_steps, numbers.Integral) and not isinstance(total_steps, bool)
    if not whole or not 0 < total_steps <= MAX_STEPS:
        message = f"{total_steps!r} is not allowed; it must be a whole number from 1 to {MAX_STEPS}"
        raise ConfigError([Problem("total_steps", message, "it is the number of optimizer steps of the whole run")])

"""What the vertical axis shows: the learning rate, or its multiplier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, assert_never

import numpy as np
from numpy.typing import NDArray

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.plotting.series import Series
from d9d_lr.schedule.curve_base import FloatArray

Quantity = Literal["lr", "multiplier"]


def axis_label(quantity: Quantity) -> str:
    """Returns what the axis is called."""
    match quantity:
        case "lr":
            return "learning rate"
        case "multiplier":
            return "multiplier"
        case _:
            assert_never(quantity)


def values_of(series: Series, steps: NDArray[np.int64], quantity: Quantity) -> FloatArray:
    """Returns the quantity at each step."""
    multipliers = series.schedule.multipliers(steps)
    match quantity:
        case "lr":
            assert series.base_lr is not None  # `choose_quantity` saw to it
            return series.base_lr * multipliers
        case "multiplier":
            return multipliers
        case _:
            assert_never(quantity)


def choose_quantity(asked: Quantity | None, series: Sequence[Series]) -> Quantity:
    """Returns what to draw: what was asked for, else the learning rate where every point has one.

    Raises:
        ConfigError: If the learning rate was asked for, and a user-defined optimizer does not give it.
    """
    known = all(one.base_lr is not None for one in series)
    if asked == "lr" and not known:
        message = "is not set for an optimizer of your own, so there is no learning rate to draw"
        hint = "give it a learning rate, +optimizer.lr=VALUE, or draw the multiplier: --y multiplier"
        raise ConfigError([Problem("optimizer.lr", message, hint)])
    return asked or ("lr" if known else "multiplier")

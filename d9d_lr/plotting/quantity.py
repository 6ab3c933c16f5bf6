"""What the vertical axis shows: the learning rate, or whatever else is scheduled, or its multiplier."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.plotting.many import distinct
from d9d_lr.plotting.series import LR, Series
from d9d_lr.schedule.curve_base import FloatArray

Quantity = Literal["lr", "multiplier"]


def values_of(series: Series, steps: NDArray[np.int64], quantity: Quantity) -> FloatArray:
    """Returns the quantity at each step."""
    multipliers = series.schedule.multipliers(steps)
    if quantity == "multiplier":
        return multipliers
    assert series.base_lr is not None, "`choose_quantity` saw to it"
    return series.base_lr * multipliers


@dataclass(frozen=True)
class Panel:
    """What shares one pair of axes: schedules of one thing.

    Attributes:
        series: The schedules, each once.
        quantity: What the vertical axis shows.
    """

    series: Sequence[Series]
    quantity: Quantity

    @property
    def label(self) -> str:
        """What the vertical axis is called."""
        name = self.series[0].name
        if self.quantity == "lr":
            return "learning rate" if name == LR else name
        return "multiplier" if name == LR else f"multiplier of {name}"


def panels_of(asked: Quantity | None, series: Sequence[Series]) -> list[Panel]:
    """Returns a panel for the learning rate, and one for each name of whatever else is scheduled.

    Raises:
        ConfigError: As `choose_quantity` does.
    """
    names = sorted({one.name for one in series} - {LR})
    found = []
    for name in [LR, *names]:
        own = distinct([one for one in series if one.name == name])
        values = all(one.base_lr is not None for one in own) and asked != "multiplier"
        found.append(Panel(own, choose_quantity(asked, own) if name == LR else "lr" if values else "multiplier"))
    return found


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

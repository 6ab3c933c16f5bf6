"""Schedules in a terminal: a plot in braille dots, and the table of resolved phases."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from d9d_lr.plotting.braille import BrailleCanvas
from d9d_lr.plotting.many import FEW
from d9d_lr.plotting.palette import bright
from d9d_lr.plotting.quantity import Panel, Quantity, values_of
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.plotting.series import LR, Series
from d9d_lr.plotting.window import Window
from d9d_lr.schedule.curve_base import FloatArray

_LABEL_COLUMNS, _WIDEST, _ROWS, _QUARTERS = 10, 150, 17, 4
_LETTERS = string.ascii_lowercase + string.ascii_uppercase + string.digits
_LETTER_EVERY_COLUMNS = 9


def print_plot(console: Console, panel: Panel, window: Window | None = None) -> None:
    """Draws a panel as wide as the terminal; letters name its lines where colours cannot."""
    series, quantity = panel.series, panel.quantity
    window = window or Window()
    plot = _Plot.of(series, quantity, window, max(20, min(console.width - _LABEL_COLUMNS - 2, _WIDEST)))
    colors = [bright(index) for index in range(len(series))]
    for one, color in zip(series, colors, strict=True):
        end = window.end(one.total_steps)
        at = steps_to_draw(one.schedule, end, 4 * plot.columns, first_step=window.first_step, log=window.log_x)
        plot.line(at, values_of(one, at, quantity), color)
    if len(series) > 1:
        _put_letters(plot, series, quantity, colors)
    scale = " (log)" if window.log_y else ""
    console.print(Text(f"{panel.label}{scale} by step{' (log)' if window.log_x else ''}"))
    _print_framed(console, plot)
    console.print(Text(" " * (_LABEL_COLUMNS + 2) + _step_axis(plot)), no_wrap=True, overflow="crop")
    if len(series) > 1:
        for index, one in enumerate(series):
            console.print(Text(f"  {_letter(index)} ", style=colors[index]), Text(one.label), sep="")
    console.print()


def print_phases(console: Console, series: Sequence[Series]) -> None:
    """Prints the resolved phases of each series, in multipliers of its base; of many, none."""
    if len(series) > FEW:
        console.print(Text(f"the phases of up to {FEW} schedules are listed here; these are {len(series)}"))
        return
    for one in series:
        what, name = ("learning rate", "") if one.name == LR else ("value", f"{one.name}: ")
        base = f"base {what} {one.base_lr:g}, " if one.base_lr is not None else ""
        console.print(Text(f"{one.label}: {name}{base}{one.total_steps} steps"), style="bold")
        table = Table(
            "phase", "mode", *(Column(name, justify="right") for name in ("start step", "end step", "start", "target")),
            "curve", box=box.SIMPLE_HEAD, pad_edge=False,
        )  # fmt: skip
        for phase in one.schedule.phases:
            table.add_row(
                phase.place, phase.mode, str(phase.start_step), str(phase.end_step),
                f"{phase.start_multiplier:g}", f"{phase.target_multiplier:g}", str(phase.curve),
            )  # fmt: skip
        console.print(table)


@dataclass(frozen=True)
class _Plot:
    """A canvas for steps and values, on linear or logarithmic axes: what it draws are positions on them."""

    canvas: BrailleCanvas
    window: Window
    columns: int
    last_step: int
    low: float
    high: float

    @classmethod
    def of(cls, series: Sequence[Series], quantity: Quantity, window: Window, columns: int) -> _Plot:
        last = max(window.end(one.total_steps) for one in series)
        values = np.concatenate([_values(one, quantity, window) for one in series])
        high = float(values.max())
        if window.log_y and high > 0:
            low = float(values[values > window.floor(high)].min())
        else:
            low, window = min(0.0, float(values.min())), replace(window, log_y=False)
        high = high if high > low else low * 10 if window.log_y else low + 1.0
        start, end = window.across(np.array([window.first_step, last])).tolist()
        heights = (math.log10(low), math.log10(high)) if window.log_y else (low, high)
        return cls(BrailleCanvas(columns, _ROWS, max(end - start, 1e-9), *heights), window, columns, last, low, high)

    def line(self, steps: NDArray[np.int64], values: FloatArray, color: str) -> None:
        """Draws a line through steps in order; what a logarithmic height cannot show lies on its edge."""
        self.canvas.line(self._across(steps), self._up(values), color)

    def letter(self, step: int, value: float, letter: str, color: str) -> None:
        """Writes a letter at a step."""
        across, up = self._across(np.array([step])), self._up(np.array([value]))
        self.canvas.letter(float(across[0]), float(up[0]), letter, color)

    def step_at(self, part: float) -> int:
        """Returns the step at a part of the way across."""
        start, end = self.window.across(np.array([self.window.first_step, self.last_step])).tolist()
        at = float(start + part * (end - start))
        return round(10.0**at if self.window.log_x else at)

    def value_at(self, part: float) -> float:
        """Returns the value at a part of the way up."""
        if self.window.log_y:
            return float(self.low * (self.high / self.low) ** part)
        return self.low + (self.high - self.low) * part

    def _across(self, steps: NDArray[np.int64]) -> FloatArray:
        start = float(self.window.across(np.array([self.window.first_step]))[0])
        return self.window.across(steps) - start

    def _up(self, values: FloatArray) -> FloatArray:
        return np.log10(np.maximum(values, self.low)) if self.window.log_y else values


def _values(one: Series, quantity: Quantity, window: Window) -> FloatArray:
    end = window.end(one.total_steps)
    return values_of(one, steps_to_draw(one.schedule, end, first_step=window.first_step), quantity)


def _put_letters(plot: _Plot, series: Sequence[Series], quantity: Quantity, colors: Sequence[str]) -> None:
    """Writes each line's letter onto it, here and there, each line at columns of its own."""
    stride = max(_LETTER_EVERY_COLUMNS, 2 * len(series))
    for index, (one, color) in enumerate(zip(series, colors, strict=True)):
        offset = 2 + index * stride // len(series)
        at = np.unique([plot.step_at(column / plot.columns) for column in range(offset, plot.columns, stride)])
        at = at[at <= one.total_steps].astype(np.int64)
        for step, value in zip(at.tolist(), values_of(one, at, quantity).tolist(), strict=True):
            plot.letter(step, value, _letter(index), color)


def _print_framed(console: Console, plot: _Plot) -> None:
    rows = plot.canvas.lines()
    labels = {
        len(rows) - 1 - round(quarter * (len(rows) - 1) / _QUARTERS): plot.value_at(quarter / _QUARTERS)
        for quarter in range(_QUARTERS + 1)
    }
    for index, row in enumerate(rows):
        label = f"{labels[index]:.3g} ┤" if index in labels else "│"
        console.print(Text(label.rjust(_LABEL_COLUMNS + 2)) + row, no_wrap=True, overflow="crop", highlight=False)


def _step_axis(plot: _Plot) -> str:
    line = [" "] * plot.columns
    for quarter in range(_QUARTERS + 1):
        text = f"{plot.step_at(quarter / _QUARTERS):.10g}"
        start = min(max(0, quarter * plot.columns // _QUARTERS - len(text) // 2), plot.columns - len(text))
        line[start : start + len(text)] = text
    return "".join(line).rstrip()


def _letter(index: int) -> str:
    return _LETTERS[index % len(_LETTERS)]

"""Schedules in a terminal: a plot in braille dots, and the table of resolved phases."""

from __future__ import annotations

import string
from collections.abc import Sequence

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from d9d_lr.plotting.braille import BrailleCanvas
from d9d_lr.plotting.quantity import Quantity, axis_label, values_of
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.plotting.series import Series
from d9d_lr.schedule.curve_base import FloatArray

_LABEL_COLUMNS, _WIDEST, _ROWS, _QUARTERS = 10, 150, 17, 4
_COLORS = ("bright_blue", "bright_yellow", "bright_green", "bright_magenta", "bright_cyan", "bright_red")
_LETTERS = string.ascii_lowercase + string.ascii_uppercase + string.digits
_LETTER_EVERY_COLUMNS = 9


def print_plot(console: Console, series: Sequence[Series], quantity: Quantity) -> None:
    """Draws all series into one plot as wide as the terminal; letters tell them apart where colours cannot."""
    last_step = max(one.total_steps for one in series)
    columns = max(20, min(console.width - _LABEL_COLUMNS - 2, _WIDEST))
    steps = [steps_to_draw(one.schedule, one.total_steps, max_points=4 * columns) for one in series]
    values = [values_of(one, at, quantity) for one, at in zip(series, steps, strict=True)]
    low, high = _limits(values)
    canvas = BrailleCanvas(columns, _ROWS, last_step, low, high)
    colors = [_COLORS[index % len(_COLORS)] for index in range(len(series))]
    for at, line, color in zip(steps, values, colors, strict=True):
        canvas.line(at, line, color)
    if len(series) > 1:
        _put_letters(canvas, series, quantity, colors, columns, last_step)
    console.print(Text(f"{axis_label(quantity)} by step"))
    _print_framed(console, canvas.lines(), low, high)
    console.print(Text(" " * (_LABEL_COLUMNS + 2) + _step_axis(last_step, columns)), no_wrap=True, overflow="crop")
    if len(series) > 1:
        for index, one in enumerate(series):
            console.print(Text(f"  {_letter(index)} ", style=colors[index]), Text(one.label), sep="")
    console.print()


def print_phases(console: Console, series: Sequence[Series]) -> None:
    """Prints the resolved phases of every series, in multipliers of the base learning rate."""
    for one in series:
        base = f"base learning rate {one.base_lr:g}, " if one.base_lr is not None else ""
        console.print(Text(f"{one.label}: {base}{one.total_steps} steps"), style="bold")
        table = Table(
            "phase", "mode", *(Column(name, justify="right") for name in ("start step", "end step", "start", "target")),
            "curve", box=box.SIMPLE_HEAD, pad_edge=False,
        )  # fmt: skip
        for position, phase in zip(one.positions, one.schedule.phases, strict=True):
            table.add_row(
                position, phase.mode, str(phase.start_step), str(phase.end_step),
                f"{phase.start_multiplier:g}", f"{phase.target_multiplier:g}", str(phase.curve),
            )  # fmt: skip
        console.print(table)


def _limits(values: Sequence[FloatArray]) -> tuple[float, float]:
    low = min(0.0, *(float(line.min()) for line in values))
    high = max(float(line.max()) for line in values)
    return (low, high) if high > low else (low, low + 1.0)


def _put_letters(
    canvas: BrailleCanvas,
    series: Sequence[Series],
    quantity: Quantity,
    colors: Sequence[str],
    columns: int,
    last_step: int,
) -> None:
    """Writes each line's letter onto it, here and there, each line at columns of its own."""
    stride = max(_LETTER_EVERY_COLUMNS, 2 * len(series))
    for index, (one, color) in enumerate(zip(series, colors, strict=True)):
        offset = 2 + index * stride // len(series)
        at = np.unique(np.arange(offset, columns, stride) * last_step // columns)
        at = at[at <= one.total_steps]
        for step, value in zip(at.tolist(), values_of(one, at, quantity).tolist(), strict=True):
            canvas.letter(step, value, _letter(index), color)


def _print_framed(console: Console, rows: Sequence[Text], low: float, high: float) -> None:
    labels = {
        len(rows) - 1 - round(quarter * (len(rows) - 1) / _QUARTERS): low + (high - low) * quarter / _QUARTERS
        for quarter in range(_QUARTERS + 1)
    }
    for index, row in enumerate(rows):
        label = f"{labels[index]:.3g} ┤" if index in labels else "│"
        console.print(Text(label.rjust(_LABEL_COLUMNS + 2)) + row, no_wrap=True, overflow="crop", highlight=False)


def _step_axis(last_step: int, columns: int) -> str:
    line = [" "] * columns
    for quarter in range(_QUARTERS + 1):
        text = f"{last_step * quarter / _QUARTERS:.10g}"
        start = min(max(0, quarter * columns // _QUARTERS - len(text) // 2), columns - len(text))
        line[start : start + len(text)] = text
    return "".join(line).rstrip()


def _letter(index: int) -> str:
    return _LETTERS[index % len(_LETTERS)]

"""`predict curve`: predicted loss curves, and a real one against them, in the terminal or as a figure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.text import Text

from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law
from d9d_lr.laws.loss_curve import LossCurve, thin
from d9d_lr.plotting.braille import BrailleCanvas
from d9d_lr.plotting.figure import new_axes, save
from d9d_lr.plotting.palette import bright, look
from d9d_lr.predicting.asked import Asked

_POINTS = 400
_SKIPPED = 0.1  # of the run: the steep beginning, which would flatten the rest of the picture
_ROWS, _WIDEST, _LABEL = 18, 150, 10


@dataclass(frozen=True)
class LossLine:
    """A line of the picture.

    Attributes:
        label: What it is.
        steps: Its steps.
        losses: The training loss at each.
        other: The wide fit's losses, between which and `losses` the truth is likely; None for a real run.
    """

    label: str
    steps: NDArray[np.int64]
    losses: FloatArray
    other: FloatArray | None = None


def loss_lines(law: Law, asked: Sequence[Asked], against: LossCurve | None) -> list[LossLine]:
    """Returns the predicted training loss of each schedule, and that of a real run, thinned."""
    lines = []
    for one in asked:
        total = len(one.rates)
        first = max(int(_SKIPPED * total), law.warmup_steps)
        steps = np.unique(np.linspace(first, total - 1, _POINTS).astype(np.int64))
        narrow, wide = law.training_losses(one.rates, steps)
        lines.append(LossLine(f"predicted: {one.label}", steps, narrow, wide))
    if against is not None:
        thinned = thin(against, points=_POINTS // 4, skipped=_SKIPPED)
        lines.append(LossLine(f"run: {against.name}", thinned.steps, np.exp(thinned.log_losses)))
    return lines


def print_losses(console: Console, lines: Sequence[LossLine]) -> None:
    """Draws the lines in braille, as wide as the terminal."""
    low = min(float(line.losses.min()) for line in lines)
    high = max(float(line.losses.max()) for line in lines)
    low, high = (low, high) if high > low else (low, low + 1.0)
    last = max(int(line.steps[-1]) for line in lines)
    columns = max(20, min(console.width - _LABEL - 3, _WIDEST))
    canvas = BrailleCanvas(columns, _ROWS, last, low, high)
    for index, line in enumerate(lines):
        canvas.line(line.steps, line.losses, bright(index))
    console.print(Text("training loss by step"))
    for number, row in enumerate(canvas.lines()):
        marked = number in (0, (_ROWS - 1) // 2, _ROWS - 1)
        label = f"{high - (high - low) * number / (_ROWS - 1):.4g} ┤" if marked else "│"
        console.print(Text(label.rjust(_LABEL + 2)) + row, no_wrap=True, overflow="crop")
    console.print(Text(" " * (_LABEL + 2) + "0" + str(last).rjust(columns - 1)))
    for index, line in enumerate(lines):
        console.print(Text("  ■ ", style=bright(index)), Text(line.label), sep="")


def save_losses(path: Path, lines: Sequence[LossLine]) -> None:
    """Draws the lines into a file, with the other fit's beside each prediction.

    Raises:
        RunError: If matplotlib is not installed, or the file cannot be written.
    """
    figure, axes = new_axes("step", "training loss")
    for index, line in enumerate(lines):
        color = look(index).color
        if line.other is None:
            axes.plot(line.steps, line.losses, ".", color=color, markersize=3, label=line.label)
            continue
        axes.plot(line.steps, line.losses, color=color, linewidth=1.8, label=line.label)
        axes.fill_between(line.steps, line.losses, line.other, color=color, alpha=0.25, linewidth=0)
    axes.legend(fontsize=8)
    save(figure, path)

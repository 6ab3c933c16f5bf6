"""What is shown of a run: a progress bar on a terminal, plain lines elsewhere, one screen at the end."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from time import monotonic as clock
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from d9d_lr.runs.results import RunResult
from d9d_lr.tracking.hyperparameters import chosen_schedule
from d9d_lr.training.settings import Settings

log = logging.getLogger(__name__)

SILENT_SECONDS = 10.0
"""A run that writes plain lines is never silent for longer, one step aside."""


class Display:
    """Shows the rows of a run as they come."""

    def __init__(self, last_step: int) -> None:
        self._last_step = last_step
        console = Console(stderr=True)
        self._has_bar = console.is_terminal  # asked at every step, and rich takes its time to say it
        self._bar = Progress(
            TextColumn("training"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"),
            TimeRemainingColumn(), console=console, disable=not self._has_bar,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=last_step)
        self._row = ""
        self._logged_at = clock()

    def advance(self, step: int) -> None:
        """Without a bar, logs how far the run is where nothing was logged for `SILENT_SECONDS`."""
        if not self._has_bar and clock() - self._logged_at >= SILENT_SECONDS:
            self._log(step)

    def show(self, step: int, row: dict[str, float]) -> None:
        """Moves the bar to a step; without a bar, logs the steps that were evaluated."""
        self._row = "  ".join(f"{name} {value:.4g}" for name, value in row.items())
        self._bar.update(self._task, completed=step, description=self._row)
        if not self._has_bar and "val_loss" in row:
            self._log(step)

    def _log(self, step: int) -> None:
        log.info("step %d/%d  %s", step, self._last_step, self._row)
        self._logged_at = clock()

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._bar.stop()


def show_summary(settings: Settings, result: RunResult, initial: dict[str, float], folder: Path) -> None:
    """Prints how a run ended, on standard output."""
    table = Table("")
    metrics = [name for name in result.final if name != "step"]
    for name in metrics:
        table.add_column(name, justify="right")
    for label, row in (("first", initial), ("best", result.best), ("final", result.final)):
        if row:
            values = [f"{row[name]:.4f}" if name in row else "" for name in metrics]
            table.add_row(f"{label}, step {int(row['step'])}", *values)
    console = Console(file=sys.stdout)
    schedule = chosen_schedule(settings, folder) or f"a {_name(settings.lr)} schedule"
    console.print(f"{result.status}: {_name(settings.task)} under {schedule}")
    console.print(table)
    stopped = " (train.stop_after)" if result.steps == result.stop_after else ""
    done = f"{result.steps} of {result.total_steps} steps{stopped}"
    console.print(f"{done} in {result.seconds:.1f} s; in {folder}", soft_wrap=True)


def _name(part: object) -> str:
    return str(getattr(part, "name", None) or getattr(part, "target", type(part).__name__))

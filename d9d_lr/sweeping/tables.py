"""What a person sees of a sweep on the terminal: its points, its bad points, its results."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText

from d9d_lr.diagnostics.visible import visible
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.states import FolderState
from d9d_lr.sweeping.preflight import BadPoint, CheckedPoint
from d9d_lr.sweeping.summary import Summary, read_summary, write_summary

_WIDE = 240
"""Width of tables that go to a file or a pipe, where nothing wraps."""


def say(text: str) -> None:
    """Writes a line for the person who started the sweep."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def shown(path: Path) -> Path:
    """Returns a path as a person would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def show_points(points: Sequence[CheckedPoint], states: Mapping[str, FolderState]) -> None:
    """Shows the points: the preview of a sweep."""
    swept = list(dict.fromkeys(key for point in points for key in point.changed))
    columns = list(dict.fromkeys(title for point in points for title in point.columns))
    table = _table("#", *swept, *columns, "folder", "state")
    for point in points:
        table.add_row(
            str(point.number),
            *(_text(point.changed.get(key, "")) for key in swept),
            *(_text(str(point.columns.get(title, ""))) for title in columns),
            _text(point.folder),
            _text(_state(point, states[point.folder])),
        )
    say(_drawn(table))


def bad_points(bad: Sequence[BadPoint]) -> str:
    """Returns the table of the points that cannot run."""
    table = _table("point", "overrides", "key", "problem")
    for rejected in bad:
        number = str(rejected.point.number)
        typed = " ".join(f"{key}={value}" for key, value in rejected.point.changed.items())
        for problem in rejected.problems:
            hint = f" ({problem.hint})" if problem.hint else ""
            table.add_row(number, _text(typed), _text(problem.key), _text(problem.message + hint))
            number = typed = ""
    return _drawn(table)


def show_outcome(sweep_folder: Path) -> None:
    """Sums a sweep folder up, in its files and on the terminal.

    Raises:
        RunError: If the folder holds no sweep.
    """
    summary = read_summary(sweep_folder)
    write_summary(sweep_folder, summary)
    say(f"\n{_drawn(_results(summary))}\n")
    if summary.rows[0].rank == 1:
        say(f"repeat the best: {visible(summary.rows[0].point.command)}\n")
    say(", ".join(f"{count} {status}" for status, count in summary.counts.items()))
    files = SweepFolder(sweep_folder)
    say(f"{shown(files.table)}, {shown(files.markdown)}")


def _results(summary: Summary) -> Table:
    swept, metrics = summary.swept, summary.metrics
    errors = any(row.error for row in summary.rows)
    table = _table("rank", *swept, "status", summary.objective, *metrics, "seconds", *(["error"] if errors else []))
    for row in summary.rows:
        table.add_row(
            "" if row.rank is None else str(row.rank),
            *(_text(row.point.changed.get(key, "")) for key in swept),
            row.status,
            _short(row.objective),
            *(_short(row.metrics.get(name)) for name in metrics),
            "" if row.seconds is None else f"{row.seconds:.1f}",
            *([_text(row.error)] if errors else []),
        )
    return table


def _state(point: CheckedPoint, state: FolderState) -> str:
    same = f"; the same as {point.same_as}" if point.same_as else ""
    return f"{state.state}{f': {state.reason}' if state.reason else ''}{same}"


def _short(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _drawn(table: Table) -> str:
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
    console = Console(file=io.StringIO(), width=width, color_system=None)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines()).strip("\n")


def _text(text: str) -> RichText:
    """Returns text as it is, with nothing in it that steers a terminal or is markup."""
    return RichText(visible(text))

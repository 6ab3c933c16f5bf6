"""What the user sees of a sweep on the terminal: its points, its bad points, its results."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text as RichText

from d9d_lr.comparing.folding import is_seed
from d9d_lr.comparing.terminal import answer_text, drawn
from d9d_lr.comparing.words import counted
from d9d_lr.diagnostics.visible import visible, visible_lines
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.states import FolderState
from d9d_lr.sweeping.fit_line import fit_line
from d9d_lr.sweeping.forecast import Forecast
from d9d_lr.sweeping.preflight import BadPoint, CheckedPoint
from d9d_lr.sweeping.saying import say, shown
from d9d_lr.sweeping.sharing import Sharing
from d9d_lr.sweeping.summary import Summary, read_summary
from d9d_lr.sweeping.summary_files import write_summary
from d9d_lr.sweeping.tree import Segment

_MOST_SEGMENTS = 200
_MOST_LEFT_OUT = 60
_WIDE = 240
"""Width of tables that go to a file or a pipe, where nothing wraps."""


def show_points(points: Sequence[CheckedPoint], states: Mapping[str, FolderState]) -> None:
    """Shows the points: the preview of a sweep."""
    swept = list(dict.fromkeys(key for point in points for key in point.changed))
    columns = list(dict.fromkeys(title for point in points for title in point.preview.columns))
    table = _table("#", *swept, *columns, "folder", "state")
    for point in points:
        table.add_row(
            str(point.number),
            *(_text(point.changed.get(key, "")) for key in swept),
            *(_text(str(point.preview.columns.get(title, ""))) for title in columns),
            _text(point.folder),
            _text(_state(point, states[point.folder])),
        )
    say(_drawn(table))


def said_of_steps(sharing: Sharing) -> list[str]:
    """Returns what there is to say of the steps that points share, among them or with what is on the disk."""
    points = sharing.points
    written, to_train = sum(point.steps for point in points), sharing.steps_to_train()
    lines = [
        f"{count} begin{'s' if count == 1 else ''} from {visible(str(shown(folder)))}"
        for folder, count in sharing.begun_elsewhere().items()
    ]
    if to_train < written:
        fewer = f" ({written / to_train:.1f} times fewer)" if to_train else ""
        lines.insert(0, f"{counted(len(points), 'point')}, {written} steps as written, {to_train} to train{fewer}")
    for reason, whole in sharing.unknown.items():
        which = (
            f"{whole} of {len(points)} points" if whole < len(points) else f"all {whole} points" if whole > 1 else ""
        )
        lines.append(f"{which or 'the point'} {'are' if whole > 1 else 'is'} trained whole: {visible(reason)}")
    return lines


def show_shared_steps(sharing: Sharing) -> None:
    """Shows which steps the points share, where they share any."""
    if not (said := said_of_steps(sharing)):
        return
    say("\n" + "\n".join(said) + "\n")
    lines = [f"{'  ' * depth}{_segment(segment)}" for tree in sharing.trees for depth, segment in tree.walk()]
    say("\n".join(lines[:_MOST_SEGMENTS]))
    if len(lines) > _MOST_SEGMENTS:
        say(f"... and {len(lines) - _MOST_SEGMENTS} segments more")


def _segment(segment: Segment) -> str:
    points = segment.points()
    what = ", ".join(segment.ends) if len(segment.ends) == len(points) else f"{len(points)} points"
    return f"{segment.start} to {segment.end}: {visible(what)}"


def show_forecast(found: Forecast) -> None:
    """Shows what a law chose, and names the schedules that it left out, each once whatever its seeds."""
    for note in found.notes:
        say(note)
    swept = dict.fromkeys(key for point in found.left_out for key in point.changed if not is_seed(key))
    counts: dict[tuple[str, ...], int] = {}
    for point in found.left_out:
        said = point.preview.columns
        cells = (said["order"], said["predicted"], *(point.changed.get(key, "") for key in swept))
        counts[cells] = counts.get(cells, 0) + 1
    if not counts:
        return
    table = _table("order", "predicted", *swept, "points")
    for cells, count in list(counts.items())[:_MOST_LEFT_OUT]:
        table.add_row(*map(_text, cells), str(count))
    more = len(counts) - _MOST_LEFT_OUT
    say(f"left out:\n\n{_drawn(table)}\n" + (f"... and {more} more\n" if more > 0 else ""))


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
    say(f"\n{visible_lines(answer_text(summary.answers, summary.objective, _width()))}\n")
    if summary.against_real:
        say(f"{visible(summary.against_real)}\n")
    for line in _failures(summary):
        say(line)
    for answer in summary.answers:
        if answer.best:
            which = f" ({answer.heading})" if answer.heading else ""
            say(visible(f"repeat the best{which}: {summary.repeats(answer.best.best)}") + "\n")
    say(", ".join(f"{count} {status}" for status, count in summary.counts.items()))
    files = SweepFolder(sweep_folder)
    say(f"{shown(files.table)}, {shown(files.markdown)}")
    if command := fit_line(sweep_folder, summary):
        say(f"fit a law on it, to predict other schedules: {visible(command)}")


def _failures(summary: Summary) -> list[str]:
    """Returns each cause of failures once, with how many points it ended and the first of them."""
    causes: dict[str, list[str]] = {}
    for row in summary.rows:
        if row.error and row.status != "pruned":
            label = " ".join(f"{key}={value}" for key, value in row.point.changed.items())
            causes.setdefault(row.error, []).append(label or row.point.folder)
    return [
        visible(f"{len(points)} failed: {cause} ({points[0]}{', ...' if len(points) > 1 else ''})") + "\n"
        for cause, points in causes.items()
    ]


def _state(point: CheckedPoint, state: FolderState) -> str:
    same = f"; the same as {point.same_as}" if point.same_as else ""
    return f"{state.state}{f': {state.reason}' if state.reason else ''}{same}"


def _table(*columns: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _drawn(table: Table) -> str:
    return drawn(table, _width())


def _width() -> int:
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE


def _text(text: str) -> RichText:
    """Returns text as it is, with nothing in it that steers a terminal or is markup."""
    return RichText(visible(text))

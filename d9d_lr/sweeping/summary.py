"""What came out of a sweep: one row for each point, the best first, read from its folders."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from d9d_lr.comparing.answer import Answer, answers
from d9d_lr.comparing.settings import Outcome, Setting, settings_of
from d9d_lr.comparing.words import notes, sentence
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.record import RecordedPoint, read_record, record_from_folders
from d9d_lr.runs.repeat import repeat_setting
from d9d_lr.runs.results import OBJECTIVE, read_result
from d9d_lr.runs.states import stored_values
from d9d_lr.runs.visible import no_formula, visible

_SETTING = ("setting", f"setting_{OBJECTIVE}", "setting_deviation", "setting_seeds")
_ORDER = ("completed", "failed", "interrupted", "unfinished", "not started")


@dataclass(frozen=True)
class SummaryRow:
    """One point.

    Attributes:
        point: The point.
        status: "completed", "failed" or "interrupted" as its result says; "unfinished" if it began and left none, and
            "not started" if there is no folder.
        rank: Its place by the objective, from 1; None if it has none.
        total_steps: Steps asked for; None if nobody knows.
        objective: Its final validation loss, or what its job returned; None if there is none, NaN if it diverged.
        of_training: Whether the objective is the metric of a training.
        metrics: Other metrics of its last evaluation.
        seconds: Time spent training; None if nobody knows.
        error: Why it failed; empty if it did not.
    """

    point: RecordedPoint
    status: str
    objective: float | None = None
    of_training: bool = False
    metrics: dict[str, float] = field(default_factory=dict)
    seconds: float | None = None
    error: str = ""
    rank: int | None = None
    total_steps: int | None = None


@dataclass(frozen=True)
class Summary:
    """All rows, the best first, then what failed, then what did not end.

    Attributes:
        rows: The rows.
    """

    rows: tuple[SummaryRow, ...]

    @property
    def objective(self) -> str:
        """What the objective is called: the metric of a training, or "objective" for what another job returned."""
        return OBJECTIVE if all(row.of_training for row in self.rows if row.objective is not None) else "objective"

    @property
    def swept(self) -> list[str]:
        """The swept keys."""
        return list(dict.fromkeys(key for row in self.rows for key in row.point.changed))

    @property
    def metrics(self) -> list[str]:
        """The names of the other metrics."""
        return list(dict.fromkeys(name for row in self.rows for name in row.metrics))

    @cached_property
    def settings(self) -> list[Setting]:
        """The settings, their seeds folded, the best first; their points are places in `rows`."""
        return settings_of(
            [Outcome(row.point.changed, row.status, row.objective, row.error, row.total_steps) for row in self.rows]
        )

    @cached_property
    def answers(self) -> list[Answer]:
        """Which schedule is best, for each length of the runs."""
        return answers(self.settings)

    def repeats(self, setting: Setting) -> str:
        """Returns the command that runs every seed of a setting again."""
        return repeat_setting([self.rows[place].point.command for place in sorted(setting.points)])

    @property
    def counts(self) -> dict[str, int]:
        """How many points there are of each status that occurs."""
        statuses = [row.status for row in self.rows]
        return {status: statuses.count(status) for status in _ORDER if status in statuses}


def read_summary(sweep_folder: Path) -> Summary:
    """Reads what became of every point of a sweep folder.

    Raises:
        RunError: If the folder holds no sweep.
    """
    if not sweep_folder.is_dir():
        raise RunError(f"there is no folder {sweep_folder}")
    record = read_record(sweep_folder)
    if not record.points:
        record = record_from_folders(sweep_folder)
    if not record.points:
        raise RunError(
            f"{sweep_folder} holds no sweep: neither {SweepFolder(sweep_folder).record.name} nor run folders"
        )
    swept = list(dict.fromkeys(key for point in record.points for key in point.changed))
    rows = [_row(sweep_folder, _filled(point, sweep_folder, swept)) for point in record.points]
    return Summary(tuple(_ranked(rows)))


def write_summary(sweep_folder: Path, summary: Summary) -> None:
    """Writes the table for programs and the one for people, each whole or not at all."""
    files = SweepFolder(sweep_folder)
    table = list(_table(summary))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([no_formula(cell) for cell in row] for row in table)
    write_text_whole(files.table, text.getvalue())
    write_text_whole(files.markdown, _markdown(summary, table))


def _row(sweep_folder: Path, point: RecordedPoint) -> SummaryRow:
    folder = sweep_folder / point.folder
    try:
        result = read_result(folder)
    except RunError as error:
        return SummaryRow(point, "failed", error=str(error))
    if result is None:
        return SummaryRow(point, "unfinished" if folder.exists() else "not started")
    metrics = {name: value for name, value in result.final.items() if name not in ("step", OBJECTIVE)}
    return SummaryRow(
        point,
        result.status,
        objective=result.objective,
        of_training=OBJECTIVE in result.final,
        metrics=metrics,
        seconds=result.seconds,
        error=result.error or "",
        total_steps=result.total_steps,
    )


def _filled(point: RecordedPoint, sweep_folder: Path, swept: Sequence[str]) -> RecordedPoint:
    """Adds the values of keys that only other points sweep, as the configuration in its folder has them."""
    unknown = [key for key in swept if key not in point.changed]
    if not unknown:
        return point
    known = stored_values(sweep_folder / point.folder, unknown)
    return point.model_copy(update={"changed": point.changed | known})


def _ranked(rows: Sequence[SummaryRow]) -> Iterator[SummaryRow]:
    """Sorts by status, then objective; where those are equal, by the name of the folder."""
    for place, row in enumerate(sorted(rows, key=_order), start=1):
        yield replace(row, rank=place) if row.status == "completed" and not _worth(row)[0] else row


def _order(row: SummaryRow) -> tuple[int, bool, float, str]:
    return _ORDER.index(row.status), *_worth(row), row.point.folder


def _worth(row: SummaryRow) -> tuple[bool, float]:
    """Sorts what has no number behind what has one."""
    missing = row.objective is None or math.isnan(row.objective)
    return missing, 0.0 if missing or row.objective is None else row.objective


def _table(summary: Summary) -> Iterator[list[str]]:
    """Yields the header and the rows, every value in full; beside each run stands its setting."""
    yield from ([visible(cell) for cell in row] for row in _cells(summary))


def _cells(summary: Summary) -> Iterator[list[str]]:
    swept, metrics = summary.swept, summary.metrics
    yield ["rank", *swept, "status", summary.objective, *metrics, "seconds", *_SETTING, "error", "command"]
    beside = {place: cells for number, one in enumerate(summary.settings, 1) for place, cells in _beside(number, one)}
    for place, row in enumerate(summary.rows):
        yield [
            _text(row.rank),
            *(row.point.changed.get(key, "") for key in swept),
            row.status,
            _text(row.objective),
            *(_text(row.metrics.get(name)) for name in metrics),
            "" if row.seconds is None else f"{row.seconds:.2f}",
            *beside[place],
            row.error,
            row.point.command,
        ]


def _beside(number: int, setting: Setting) -> Iterator[tuple[int, list[str]]]:
    cells = [str(number), _text(setting.mean), _text(setting.deviation), str(setting.count)]
    yield from ((place, cells) for place in setting.points)


def _text(value: float | None) -> str:
    return "" if value is None else repr(value)


def _markdown(summary: Summary, table: Sequence[Sequence[str]]) -> str:
    """Returns the answer, the settings and the runs."""
    parts = []
    for answer in summary.answers:
        about = f"{answer.length} steps: " if len(summary.answers) > 1 and answer.length else ""
        parts.append(f"**{about}{sentence(answer)}**\n")
        parts += [f"- {note}" for note in notes(answer)] + [""] * bool(notes(answer))
    header, *rows = table
    return "\n".join(
        [
            *parts,
            "## Settings\n",
            _markdown_table(_settings_table(summary)),
            "## Runs\n",
            _markdown_table([header, *([*row[:-1], f"`{row[-1]}`"] for row in rows)]),
        ]
    )


def _settings_table(summary: Summary) -> Iterator[list[str]]:
    keys = list(summary.settings[0].values)
    yield ["setting", *keys, OBJECTIVE, "deviation", "seeds", "state", "command"]
    for number, one in enumerate(summary.settings, start=1):
        measures = [_text(one.mean), _text(one.deviation), str(one.count)]
        yield [str(number), *(one.values[key] for key in keys), *measures, one.state, f"`{summary.repeats(one)}`"]


def _markdown_table(table: Iterable[Sequence[str]]) -> str:
    header, *rows = [[cell.replace("|", "\\|") for cell in row] for row in table]
    lines = [header, ["---"] * len(header), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)

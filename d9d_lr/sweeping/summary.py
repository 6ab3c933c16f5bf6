"""What came out of a sweep: one row for each point, the best first, read from its folders."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from d9d_lr.comparing.answer import Answer, answers
from d9d_lr.comparing.folding import Outcome, Setting, settings_of
from d9d_lr.comparing.predicted import against_real
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.diagnostics.visible import visible
from d9d_lr.runs.commands import repeat_setting
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.record import RecordedPoint, record_or_folders
from d9d_lr.runs.results import OBJECTIVE, STATUSES, read_result
from d9d_lr.runs.states import stored_values


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
        left_out: What was not run, for a law put other points first.
    """

    rows: tuple[SummaryRow, ...]
    left_out: tuple[RecordedPoint, ...] = ()

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
            [
                Outcome(
                    {key: visible(value) for key, value in row.point.changed.items()},
                    row.status,
                    row.objective,
                    row.error,
                    row.total_steps,
                    predicted=row.point.predicted,
                )
                for row in self.rows
            ]
        )

    @cached_property
    def answers(self) -> list[Answer]:
        """Which schedule is best, for each length of the runs."""
        return answers(self.settings)

    @cached_property
    def against_real(self) -> str:
        """How good the predictions of a law were; empty where nothing that was predicted has an outcome."""
        return against_real(self.settings)

    def repeats(self, setting: Setting) -> str:
        """Returns the command that runs every seed of a setting again."""
        return repeat_setting([self.rows[place].point.command for place in sorted(setting.points)])

    @property
    def counts(self) -> dict[str, int]:
        """How many points there are of each status that occurs."""
        statuses = [row.status for row in self.rows]
        return {status: statuses.count(status) for status in STATUSES if status in statuses}


def read_summary(sweep_folder: Path) -> Summary:
    """Reads what became of every point of a sweep folder.

    Raises:
        RunError: If the folder holds no sweep.
    """
    if not sweep_folder.is_dir():
        raise RunError(f"there is no folder {sweep_folder}")
    record = record_or_folders(sweep_folder)
    if not record.points:
        raise RunError(
            f"{sweep_folder} holds no sweep: neither {SweepFolder(sweep_folder).record.name} nor run folders"
        )
    swept = list(dict.fromkeys(key for point in record.points for key in point.changed))
    rows = [_row(sweep_folder, _filled(point, sweep_folder, swept)) for point in record.points]
    return Summary(tuple(_ranked(rows)), record.left_out)


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
        total_steps=result.last_step,
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
    return STATUSES.index(row.status), *_worth(row), row.point.folder


def _worth(row: SummaryRow) -> tuple[bool, float]:
    """Sorts what has no number behind what has one."""
    missing = row.objective is None or math.isnan(row.objective)
    return missing, 0.0 if missing or row.objective is None else row.objective

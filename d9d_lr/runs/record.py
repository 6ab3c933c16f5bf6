"""`sweep.json`: which points a sweep folder is about, so that one that never began is not forgotten."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

from d9d_lr.runs.atomic import set_aside, write_text_whole
from d9d_lr.runs.commands import repeat_command
from d9d_lr.runs.folders import RunFolder, SweepFolder
from d9d_lr.runs.reading import FORMAT, DamagedError, read_model, read_yaml

log = logging.getLogger(__name__)

T = TypeVar("T")


class RecordedPrediction(BaseModel):
    """What a law said of a point's objective before it ran.

    Attributes:
        loss: The prediction.
        low: The lower end of its interval.
        high: The upper end.
        law: The file of the law, as typed.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    loss: float
    low: float
    high: float
    law: str = ""


class RecordedPoint(BaseModel):
    """One point of a sweep folder.

    Attributes:
        folder: The name of its folder.
        changed: The swept keys with this point's values.
        command: What repeats it, as a run of its own.
        identity: A hash of its resolved configuration; empty if an older version wrote it.
        predicted: What a law said of it; None if none was asked.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    folder: str
    changed: dict[str, str] = {}
    command: str = ""
    identity: str = ""
    predicted: RecordedPrediction | None = None


class SweepRecord(BaseModel):
    """All points of a sweep folder, those of earlier starts first.

    Attributes:
        points: The points.
        left_out: What the last start did not run, for a law put other points first.
        format: The format of the file; see `d9d_lr.runs.reading`.
    """

    model_config = ConfigDict(extra="ignore", frozen=True)

    points: tuple[RecordedPoint, ...] = ()
    left_out: tuple[RecordedPoint, ...] = ()
    format: int = 1


def add_points(sweep_folder: Path, points: Iterable[RecordedPoint], left_out: Iterable[RecordedPoint] = ()) -> None:
    """Adds the points of a start to a sweep folder's record; one that is damaged is set aside and made anew.

    A prediction stays where a later start asks no law.

    Args:
        sweep_folder: The folder of the sweep.
        points: The points of the start.
        left_out: What it leaves out for a law's sake.
    """
    path = SweepFolder(sweep_folder).record
    try:
        before = read_record(sweep_folder)
    except DamagedError as error:
        log.warning("%s; it is kept as %s", error, set_aside(path).name)
        before = record_from_folders(sweep_folder)
    recorded = {point.folder: point for point in before.points}
    for point in points:
        known = recorded[point.folder].predicted if point.folder in recorded else None
        recorded[point.folder] = point.model_copy(update={"predicted": point.predicted or known})
    others = tuple(point for point in left_out if point.folder not in recorded)
    record = SweepRecord(points=tuple(recorded.values()), left_out=others, format=FORMAT)
    write_text_whole(path, record.model_dump_json(indent=1) + "\n")


def read_record(sweep_folder: Path) -> SweepRecord:
    """Returns a sweep folder's record; empty if there is none.

    Raises:
        DamagedError: If it is there and cannot be understood.
        RunError: If a later version of the package wrote it.
    """
    return read_model(SweepFolder(sweep_folder).record, SweepRecord) or SweepRecord()


def record_or_folders(sweep_folder: Path) -> SweepRecord:
    """Returns a sweep folder's record, or what its run folders say where it is damaged or empty.

    Raises:
        RunError: If a later version of the package wrote it.
    """
    try:
        record = read_record(sweep_folder)
    except DamagedError as error:
        log.warning("%s; what the run folders say is taken", error)
        record = SweepRecord()
    return record if record.points else record_from_folders(sweep_folder)


def record_from_folders(sweep_folder: Path) -> SweepRecord:
    """Makes a record out of what Hydra left in each run folder: for sweeps of other sweepers, such as optuna's.

    What is damaged there is left out, with a warning.
    """
    runs = {run.path.name: run for run in SweepFolder(sweep_folder).runs()}
    typed = {name: _or_nothing(stored_overrides, run.path) or [] for name, run in runs.items()}
    split = {name: split_overrides(overrides) for name, overrides in typed.items()}
    keys = list(dict.fromkeys(key for values in split.values() for key in values))
    changed = [key for key in keys if len({json.dumps(values.get(key)) for values in split.values()}) > 1]
    points = [
        RecordedPoint(
            folder=name,
            changed={key: split[name].get(key, "") for key in changed},
            command=_or_nothing(stored_command, run.path, typed[name]) or "",
        )
        for name, run in runs.items()
    ]
    return SweepRecord(points=tuple(points))


def _or_nothing(read: Callable[..., T], *given: Any) -> T | None:
    try:
        return read(*given)
    except DamagedError as error:
        log.warning("%s", error)
        return None


def stored_overrides(folder: Path) -> list[str]:
    """Returns what was typed for a run, as Hydra wrote it into its folder; empty if it did not.

    Raises:
        DamagedError: If it cannot be read.
    """
    path = RunFolder(folder).overrides
    return [str(override) for override in read_yaml(path) or []] if path.exists() else []


def stored_command(folder: Path, overrides: Iterable[str]) -> str:
    """Returns what repeats a run, by where Hydra says that its configuration came from.

    Raises:
        DamagedError: If Hydra's file cannot be read.
    """
    path = RunFolder(folder).hydra
    stored = read_yaml(path) if path.exists() else {}
    return repeat_command((stored or {}).get("hydra") or {}, list(overrides))


def split_overrides(overrides: Iterable[str]) -> dict[str, str]:
    """Returns overrides as keys and values, without the `+` in front; a deleted key has the value "deleted"."""
    pairs = [override.partition("=") for override in overrides]
    return {key.lstrip("+~"): value if sign else "deleted" for key, sign, value in pairs}

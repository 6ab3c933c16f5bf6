"""`sweep.json`: which points a sweep folder is about, so that one that never began is not forgotten."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pydantic import BaseModel, ConfigDict, ValidationError
from yaml import YAMLError

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.sweeping.preflight import CheckedPoint

RECORD_FILE = "sweep.json"


class RecordedPoint(BaseModel):
    """One point of a sweep folder.

    Attributes:
        folder: The name of its folder.
        changed: The swept keys with this point's values.
        command: What repeats it, as a run of its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    folder: str
    changed: dict[str, str]
    command: str


class SweepRecord(BaseModel):
    """All points of a sweep folder, those of earlier starts first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    points: tuple[RecordedPoint, ...] = ()


def add_points(sweep_folder: Path, points: Sequence[CheckedPoint], hydra: DictConfig) -> None:
    """Adds the points of a start to a sweep folder's record."""
    recorded = {point.folder: point for point in read_record(sweep_folder).points}
    for point in points:
        command = repeat_command(hydra, point.overrides)
        recorded[point.folder] = RecordedPoint(folder=point.folder, changed=dict(point.changed), command=command)
    record = SweepRecord(points=tuple(recorded.values()))
    write_text_whole(sweep_folder / RECORD_FILE, record.model_dump_json(indent=1) + "\n")


def read_record(sweep_folder: Path) -> SweepRecord:
    """Returns a sweep folder's record; empty if there is none.

    Raises:
        RunError: If it is there and cannot be understood.
    """
    path = sweep_folder / RECORD_FILE
    try:
        return SweepRecord.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return SweepRecord()
    except ValidationError as error:
        raise RunError(f"{path} is damaged: {error.errors()[0]['msg']}") from error


def record_from_folders(sweep_folder: Path) -> SweepRecord:
    """Makes a record out of what Hydra left in each run folder: for sweeps of other sweepers, such as optuna's."""
    runs = {path.parent.parent.name: path.parent for path in sorted(sweep_folder.glob("*/.hydra/overrides.yaml"))}
    typed = {name: _load(folder / "overrides.yaml") for name, folder in runs.items()}
    split = {
        name: dict(override.lstrip("+~").partition("=")[::2] for override in overrides)
        for name, overrides in typed.items()
    }
    keys = list(dict.fromkeys(key for values in split.values() for key in values))
    changed = [key for key in keys if len({json.dumps(values.get(key)) for values in split.values()}) > 1]
    points = [
        RecordedPoint(
            folder=name,
            changed={key: split[name].get(key, "") for key in changed},
            command=repeat_command(_load(folder / "hydra.yaml").get("hydra", {}), typed[name]),
        )
        for name, folder in runs.items()
    ]
    return SweepRecord(points=tuple(points))


def repeat_command(hydra: Mapping[str, Any] | DictConfig, overrides: Sequence[str]) -> str:
    """Returns the command line that repeats a point as a run of its own.

    Args:
        hydra: The `hydra` section of the sweep, or of a job in it.
        overrides: What was typed for the point.
    """
    words = ["python", "-m", "d9d_lr.train"]
    runtime, job = hydra.get("runtime") or {}, hydra.get("job") or {}
    for source in runtime.get("config_sources") or []:
        if source["provider"] == "command-line":
            words += ["-cd", _from_here(source["path"], runtime["cwd"])]
    if own := (name := job.get("config_name")) not in (None, "config"):
        words += ["-cn", name]
    if own or any(_adds_a_file(override) for override in overrides):
        # Such a file may start a sweep by itself.
        words += ["hydra.mode=RUN"]
    return shlex.join([*words, *overrides])


def _adds_a_file(override: str) -> bool:
    """Whether an override may bring a file with it, as `+experiment=NAME` does; a key with a dot is a value."""
    return override.startswith("+") and "." not in override.partition("=")[0]


def _from_here(path: str, folder: str) -> str:
    """Shortens a path inside a folder; any other stays absolute."""
    relative = os.path.relpath(path, folder)
    return path if relative.startswith("..") else relative


def _load(path: Path) -> Any:
    try:
        return OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    except (OSError, YAMLError, OmegaConfBaseException) as error:
        raise RunError(f"{path} cannot be read: {error}") from error

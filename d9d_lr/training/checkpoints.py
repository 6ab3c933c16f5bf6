"""Checkpoints, on the way and at the end of a run: written whole, read safely, and the newest usable one found."""

from __future__ import annotations

import logging
import zipfile
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import torch

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.atomic import write_whole
from d9d_lr.runs.folders import RunFolder

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checkpoint:
    """Everything that a run needs to go on, in tensors and plain values.

    Attributes:
        step: Updates done.
        seconds: Time spent training until then.
        model: The model's state.
        optimizer: The optimizer's state.
        scheduler: The scheduler's state, the resolved schedule and base learning rates included.
        settings: The settings it was made under, as JSON values.
        plan: The `SchedulePlan` it was made under, as JSON values; not that of the settings under `keep`.
        schedule_fingerprint: The plan's fingerprint.
    """

    step: int
    seconds: float
    model: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    settings: dict[str, Any]
    plan: dict[str, Any]
    schedule_fingerprint: str


_FIELDS = [field.name for field in fields(Checkpoint)]


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    content = {name: getattr(checkpoint, name) for name in _FIELDS}  # `asdict` would copy every tensor
    write_whole(path, lambda file: torch.save(content, file))


def prune(folder: Path, keep: int) -> None:
    """Deletes all but the newest `keep` checkpoints on the way."""
    for path in RunFolder(folder).checkpoints_on_the_way()[keep:]:
        path.unlink(missing_ok=True)


def reopen(folder: Path) -> None:
    """Makes the checkpoint at the end of a run one of those on the way, because the run goes on."""
    files = RunFolder(folder)
    final = files.checkpoint
    if not final.exists():
        return
    try:
        place = files.checkpoint_after(load_checkpoint(final).step)
    except RunError:  # reported when it was passed over
        place = final.with_suffix(".damaged")
    place.parent.mkdir(exist_ok=True)
    final.replace(place)


def remove_all(folder: Path) -> int:
    """Deletes every checkpoint of a run folder; returns how many there were."""
    paths = _candidates(folder)
    for path in paths:
        path.unlink()
    return len(paths)


def newest_checkpoint(folder: Path) -> Checkpoint | None:
    """Returns the newest checkpoint of a run folder that can be read; None if there is none.

    Raises:
        RunError: If there are checkpoints and none can be read.
    """
    paths = _candidates(folder)
    for path in paths:
        try:
            return load_checkpoint(path)
        except RunError as error:
            log.warning("%s; taking the one before it", error)
    if paths:
        raise RunError(f"no checkpoint in {folder} can be read; train.resume=never starts over")
    return None


def checkpoint_at(place: str) -> Checkpoint:
    """Returns the checkpoint at a path: a checkpoint file, or the newest one of a run folder.

    Raises:
        ConfigError: If there is none.
        RunError: If it cannot be read.
    """
    path = Path(place)
    found = newest_checkpoint(path) if path.is_dir() else load_checkpoint(path) if path.is_file() else None
    if found is None:
        message = (
            f"there is no checkpoint at {place!r}; it must be auto, never, or the path of a checkpoint or run folder"
        )
        raise ConfigError([Problem("train.resume", message)])
    return found


def load_checkpoint(path: Path) -> Checkpoint:
    """Reads a checkpoint file, checksums included.

    Raises:
        RunError: If it is damaged or not one of ours.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            wrong = archive.testzip()
        content = None if wrong else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes its readers raise almost anything
        reason = str(error).strip().splitlines()
        raise RunError(f"{path} is damaged: {reason[0] if reason else type(error).__name__}") from error
    if wrong:
        raise RunError(f"{path} is damaged: the checksum of {wrong} is wrong")
    if not isinstance(content, dict) or sorted(content) != sorted(_FIELDS):
        raise RunError(f"{path} is not a checkpoint of d9d_lr")
    return Checkpoint(**content)


def _candidates(folder: Path) -> list[Path]:
    """Returns the checkpoints of a folder, the newest first."""
    files = RunFolder(folder)
    return [*([files.checkpoint] if files.checkpoint.exists() else []), *files.checkpoints_on_the_way()]

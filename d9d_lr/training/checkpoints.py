"""Checkpoints, on the way and at the end of a run: written whole, read safely, and the newest usable one found."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Collection
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

import torch

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.atomic import set_aside, write_whole
from d9d_lr.runs.folders import RunFolder, step_of
from d9d_lr.runs.metrics import check_lines
from d9d_lr.runs.reading import FORMAT, DamagedError, check_format, open_regular

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
        settings: The settings it was made under, as plain values.
        plan: The `SchedulePlan` it was made under, as plain values; not that of the settings under `keep`.
        metrics_lines: Lines of the run's metrics of the steps before; None if it was not counted, as in format 1.
        history: A hash of all that the run did up to here; empty if nobody can say. See `d9d_lr.training.course`.
        began: The step of the checkpoint of another run that this one began from; 0 if it began by itself.
        format: The format of the file; see `d9d_lr.runs.reading`.
    """

    step: int
    seconds: float
    model: dict[str, Any]
    optimizer: dict[str, Any]
    scheduler: dict[str, Any]
    settings: dict[str, Any]
    plan: dict[str, Any]
    metrics_lines: int | None = None
    history: str = ""
    began: int = 0
    format: int = 1


_FIELDS = [field.name for field in fields(Checkpoint)]
_REQUIRED = {field.name for field in fields(Checkpoint) if field.default is MISSING}


def save_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Writes a checkpoint, whole or not at all."""
    path.parent.mkdir(exist_ok=True)
    content = {name: getattr(checkpoint, name) for name in _FIELDS}  # `asdict` would copy every tensor
    content["format"] = FORMAT
    try:
        write_whole(path, lambda file: torch.save(content, file))
    except RuntimeError as error:
        if isinstance(error.__context__, OSError):  # torch goes on after a write that failed, and then finds a gap
            raise error.__context__ from None
        raise


def prune(folder: Path, keep: int, spared: Collection[int] = ()) -> None:
    """Deletes all but the newest `keep` checkpoints on the way, and those of steps that are spared."""
    paths = [path for path in RunFolder(folder).checkpoints_on_the_way() if step_of(path) not in spared]
    for path in paths[keep:]:
        path.unlink(missing_ok=True)


def reopen(folder: Path, step: int) -> None:
    """Readies the checkpoints for a run that goes on from `step`: the one at the end becomes one on the way.

    Those that were passed over, because they or their metrics are damaged, are set aside. They are of later steps.
    """
    files = RunFolder(folder)
    for path in _candidates(folder):
        try:
            found = load_checkpoint(path).step if path == files.checkpoint else step_of(path)
        except RunError:
            found = None
        if found is None or found > step:
            log.info("%s is kept as %s", path, set_aside(path).name)
        elif path == files.checkpoint:
            files.checkpoints.mkdir(exist_ok=True)
            path.replace(files.checkpoint_after(found))


def remove_all(folder: Path) -> int:
    """Deletes every checkpoint of a run folder; returns how many there were."""
    paths = _candidates(folder)
    for path in paths:
        path.unlink()
    return len(paths)


def newest_checkpoint(folder: Path, goes_on: bool = False) -> Checkpoint | None:
    """Returns the newest checkpoint of a run folder that can be read; None if there is none.

    Args:
        folder: The run folder.
        goes_on: Whether the run goes on in this folder, so that the metrics of the steps before must be whole. Where
            they are for no checkpoint, there is none to go on from.

    Raises:
        RunError: If there are checkpoints and none can be read, or a later version of the package wrote one.
    """
    paths = _candidates(folder)
    loaded, said = False, set()
    for path in paths:
        try:
            checkpoint = load_checkpoint(path)
            loaded = True
            if goes_on:
                check_lines(checkpoint.step, folder, checkpoint.metrics_lines)
            return checkpoint
        except DamagedError as error:
            if str(error) not in said:  # damaged metrics spoil several
                log.warning("%s; taking the checkpoint before %s", error, path.name)
            said.add(str(error))
    if paths and not loaded:
        raise RunError(f"no checkpoint in {folder} can be read; train.resume=never starts over")
    if loaded:
        log.warning("starting over at step 0; what was in %s is kept", folder)
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
        DamagedError: If it is damaged or not one of ours.
        RunError: If a later version of the package wrote it.
    """
    try:
        open_regular(path).close()
        with zipfile.ZipFile(path) as archive:
            wrong = archive.testzip()
        content = None if wrong else torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged file makes its readers raise almost anything
        reason = str(error).strip().splitlines()
        raise DamagedError(f"{path} is damaged: {reason[0] if reason else type(error).__name__}") from error
    if wrong:
        raise DamagedError(f"{path} is damaged: the checksum of {wrong} is wrong")
    if not isinstance(content, dict) or not content.keys() >= _REQUIRED:
        raise DamagedError(f"{path} is not a checkpoint of d9d_lr")
    check_format(path, content.get("format", 1))
    return Checkpoint(**{name: content[name] for name in _FIELDS if name in content})


def _candidates(folder: Path) -> list[Path]:
    """Returns the checkpoints of a folder, the newest first."""
    files = RunFolder(folder)
    return [*([files.checkpoint] if files.checkpoint.exists() else []), *files.checkpoints_on_the_way()]

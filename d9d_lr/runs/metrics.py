"""`metrics.jsonl`: one line for each logged step, without gaps or duplicates however often a run resumes.

Each line holds `step`, `lr`, `train_loss`, and `val_*` where evaluated. The line of step t describes the model after t
updates: the learning rate used for step t, the training loss of batch t before its update, the validation metrics
before it. The last line, of step `total_steps`, has no training loss.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import DamagedError, open_regular

LONGEST_LINE = 1024**2
"""Bytes of a line that are read; a line of a thousand metrics has 30 000."""

_SHOWN = 200


class MetricsFile:
    """The open metrics file of a run that starts, or goes on, at some step."""

    def __init__(self, folder: Path, kept: list[str]) -> None:
        """Opens the file.

        Args:
            folder: The run folder.
            kept: The lines that stay, from `lines_before`; the run will write the others again.
        """
        self._path = RunFolder(folder).metrics
        write_text_whole(self._path, "".join(kept))
        self._file = self._path.open("ab", buffering=0)
        self._count, self._last_step = len(kept), -1

    def write(self, step: int, row: dict[str, float]) -> None:
        """Appends one line and hands it to the operating system, so that a killed process loses none.

        Raises:
            RunError: If someone deleted the file, or the disk takes only a part of the line.
        """
        line = json.dumps({"step": step, **row}).encode() + b"\n"
        if os.fstat(self._file.fileno()).st_nlink == 0:
            raise RunError(f"{self._path} was deleted while the run was going on")
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._path))
        self._count, self._last_step = self._count + 1, step

    def count_before(self, step: int) -> int:
        """Returns how many lines there are of steps before `step`, which is that of the last one or beyond it."""
        return self._count - (self._last_step == step)

    def sync(self) -> None:
        """Puts all lines on the disk; called before a checkpoint counts on them."""
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def lines_before(step: int, folder: Path) -> list[str]:
    """Returns the lines of the steps before `step`.

    A damaged line among them is an error; one after them is not, for a machine that lost power may leave anything
    behind the lines that were put on the disk.

    Raises:
        DamagedError: If a line that is to stay is damaged.
    """
    path = RunFolder(folder).metrics
    lines = list(_lines(path)) if path.exists() else []
    steps = [_step_of(line) for line in lines]
    count = max((index for index, found in enumerate(steps, start=1) if found is not None and found < step), default=0)
    if None in steps[:count]:
        number = steps.index(None) + 1
        raise _damaged(path, number, lines[number - 1])
    return lines[:count]


def check_lines(step: int, folder: Path, count: int | None) -> None:
    """Makes sure that the lines before `step` are those that were there when its checkpoint was saved.

    Args:
        step: The step of the checkpoint.
        folder: The run folder.
        count: How many lines there were; None if nobody knows.

    Raises:
        DamagedError: If a line is damaged, or some are missing.
    """
    found = len(lines_before(step, folder))
    if count is not None and found != count:
        path = RunFolder(folder).metrics
        raise DamagedError(f"{path} is damaged: it has {found} lines before step {step}, and there were {count}")


def has_damage_inside(folder: Path) -> bool:
    """Whether a damaged line stands before a whole one, as no kill and no power cut leaves it; or it is no file."""
    path = RunFolder(folder).metrics
    try:
        steps = [_step_of(line) for line in _lines(path)] if path.exists() else []
    except DamagedError:
        return True
    whole = [index for index, step in enumerate(steps) if step is not None]
    return bool(whole) and None in steps[: whole[-1]]


def read_metrics(folder: Path) -> Iterator[dict[str, float]]:
    """Yields the lines of `metrics.jsonl` in order; a last line cut short by a kill is left out.

    Raises:
        DamagedError: At a line that is damaged.
    """
    path = RunFolder(folder).metrics
    if not path.exists():
        return
    for number, line in enumerate(_lines(path), start=1):
        if line.endswith("\n"):
            yield _row(path, number, line)
        elif len(line) > LONGEST_LINE:
            raise _damaged(path, number, line)


def _lines(path: Path) -> Iterator[str]:
    """Yields the lines of a file; one that is too long is cut short, and is the last."""
    with open_regular(path) as file:
        while line := file.readline(LONGEST_LINE + 1):
            yield line.decode(errors="replace")
            if len(line) > LONGEST_LINE:
                return


def _step_of(line: str) -> int | None:
    try:
        return int(json.loads(line)["step"]) if line.endswith("\n") else None
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None


def _row(path: Path, number: int, line: str) -> dict[str, float]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, number, line) from error
    if not isinstance(row, dict) or "step" not in row:
        raise _damaged(path, number, line)
    return row


def _damaged(path: Path, number: int, line: str) -> DamagedError:
    shown = repr(line) if len(line) <= _SHOWN else f"{line[:_SHOWN]!r} and so on"
    return DamagedError(f"{path} is damaged: line {number} is {shown}")

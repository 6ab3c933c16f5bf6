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
        RunError: If a line that is to stay is damaged.
    """
    path = RunFolder(folder).metrics
    if not path.exists():
        return []
    lines = path.read_bytes().decode(errors="replace").splitlines(keepends=True)
    steps = [_step_of(line) for line in lines]
    count = max((index for index, found in enumerate(steps, start=1) if found is not None and found < step), default=0)
    if None in steps[:count]:
        damaged = steps.index(None)
        raise RunError(f"{path} is damaged: line {damaged + 1} is {lines[damaged]!r}")
    return lines[:count]


def _step_of(line: str) -> int | None:
    try:
        return int(json.loads(line)["step"]) if line.endswith("\n") else None
    except (ValueError, TypeError, KeyError):
        return None


def read_metrics(folder: Path) -> Iterator[dict[str, float]]:
    """Yields the lines of `metrics.jsonl` in order; a last line cut short by a kill is left out.

    Raises:
        RunError: At a line that is damaged.
    """
    path = RunFolder(folder).metrics
    if not path.exists():
        return
    with path.open(encoding="utf-8", errors="replace") as lines:
        for number, line in enumerate(lines, start=1):
            if line.endswith("\n"):
                yield _row(path, number, line)


def _row(path: Path, number: int, line: str) -> dict[str, float]:
    try:
        row = json.loads(line)
    except ValueError as error:
        raise RunError(f"{path} is damaged: line {number} is {line!r}") from error
    if not isinstance(row, dict) or "step" not in row:
        raise RunError(f"{path} is damaged: line {number} is {line!r}")
    return row

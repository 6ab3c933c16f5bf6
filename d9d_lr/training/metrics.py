"""Writing `metrics.jsonl`: one line for each logged step, without gaps or duplicates however often a run resumes."""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from d9d_lr.files import write_text_whole
from d9d_lr.training.records import METRICS_FILE


class MetricsFile:
    """The open metrics file of a run that starts, or goes on, at some step."""

    def __init__(self, folder: Path, start_step: int) -> None:
        """Drops the lines of `start_step` and later, which the run will write again.

        Args:
            folder: The run folder.
            start_step: The first step that the run will do.
        """
        path = folder / METRICS_FILE
        kept = [line for line in _whole_lines(path) if json.loads(line)["step"] < start_step]
        write_text_whole(path, "".join(kept))
        self._file = path.open("a", encoding="utf-8")

    def write(self, step: int, row: dict[str, float]) -> None:
        """Appends one line and hands it to the operating system, so that a killed process loses none."""
        self._file.write(json.dumps({"step": step, **row}) + "\n")
        self._file.flush()

    def sync(self) -> None:
        """Puts all lines on the disk; called before a checkpoint counts on them."""
        os.fsync(self._file.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._file.close()


def _whole_lines(path: Path) -> list[str]:
    if not path.exists():
        return []
    with path.open(encoding="utf-8") as lines:
        return [line for line in lines if line.endswith("\n")]

"""The result of a job of a sweep that left no time or no thought to write it itself."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.results import RunResult, write_result


def leave_result(
    folder: Path,
    *,
    fingerprint: str,
    total_steps: int,
    overrides: Sequence[str],
    objective: Any = None,
    error: str | None = None,
    seconds: float = 0.0,
) -> None:
    """Writes the result of a job that left none itself.

    Args:
        folder: The run folder.
        fingerprint: What was run.
        total_steps: Steps asked for.
        overrides: What was typed.
        objective: What the job returned; only a number counts.
        error: Why it failed; None if it did not.
        seconds: How long it took; 0 if nobody knows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    completed = error is None
    is_number = isinstance(objective, int | float) and not isinstance(objective, bool)
    result = RunResult(
        status="completed" if completed else "failed",
        objective=float(objective) if is_number else None,
        final={},
        best={},
        steps=_last_step(folder, total_steps if completed else 0),
        total_steps=total_steps,
        seconds=seconds,
        fingerprint=fingerprint,
        overrides=list(overrides),
        error=error,
    )
    write_result(folder, result)


def _last_step(folder: Path, otherwise: int) -> int:
    with suppress(RunError):  # what is damaged there is not why this job ended
        for row in read_metrics(folder):
            otherwise = int(row["step"])
    return otherwise

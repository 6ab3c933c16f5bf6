"""`result.json`: how a run ended, for people, sweeps and reports to read."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import FORMAT, read_model

OBJECTIVE = "val_loss"
"""The metric that a run is judged by and returns to Hydra; smaller is better."""

Status = Literal["completed", "failed", "interrupted", "pruned"]

STATUSES = ("completed", "pruned", "failed", "interrupted", "unfinished", "not started")
"""What may have become of a run, one without a result included, in the order of tables."""


class RunResult(BaseModel):
    """How a run ended.

    Attributes:
        status: "completed", "failed" (see `error`), "interrupted" (Ctrl-C or SIGTERM, after saving), or "pruned" by its
            sweep (see `error`), after saving.
        objective: The final validation loss; None if there is none.
        final: The metrics of the last evaluation, with its `step`.
        best: The metrics of the evaluation with the lowest objective, with its `step`.
        steps: Optimizer steps done.
        total_steps: Optimizer steps of the whole run, over which its schedule lies.
        seconds: Wall-clock time spent training, over all resumed parts.
        fingerprint: A hash of the settings that decide what a run computes.
        trained_steps: Those of the steps that this run did itself, and did not begin from; None if nobody counted.
        overrides: What was typed to get this configuration.
        error: Why it failed, in one line; None if it did not.
        stop_after: Steps after which it was to end; None if after all of them.
        format: The format of the file; see `d9d_lr.runs.reading`.
    """

    # Numbers that JSON cannot write become text, which is read back as the number.
    model_config = ConfigDict(extra="ignore", frozen=True, ser_json_inf_nan="strings")

    status: Status
    objective: float | None
    final: dict[str, float]
    best: dict[str, float]
    steps: int
    total_steps: int
    seconds: float
    fingerprint: str
    trained_steps: int | None = None
    overrides: list[str] = []
    error: str | None = None
    stop_after: int | None = None
    format: int = 1

    @property
    def last_step(self) -> int:
        """Optimizer steps asked for."""
        return self.stop_after or self.total_steps


def write_result(folder: Path, result: RunResult) -> None:
    """Writes `result.json`, whole or not at all."""
    written = result.model_copy(update={"format": FORMAT})
    write_text_whole(RunFolder(folder).result, written.model_dump_json(indent=2) + "\n")


def read_result(folder: Path) -> RunResult | None:
    """Returns how the run in a folder ended, or None if it did not end.

    Raises:
        DamagedError: If the file is there and cannot be understood.
        RunError: If a later version of the package wrote it.
    """
    return read_model(RunFolder(folder).result, RunResult)

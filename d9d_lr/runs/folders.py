"""What the folders of runs, sweeps and reports hold: one property for each file, and no file is named elsewhere."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_OF_RANK = re.compile(r"error-rank-(\d+)\.txt")
_ON_THE_WAY = re.compile(r"step-(\d{9,})\.pt")


@dataclass(frozen=True)
class RunFolder:
    """The folder of one run, which need not be there yet.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    def schedule(self) -> Path:
        """The schedule that was followed, in its nested form; or a provider's `_target_` and arguments."""
        return self.path / "schedule.json"

    @property
    def schedules(self) -> Path:
        """What else is scheduled, by name, with what it multiplies; only there if something is."""
        return self.path / "schedules.json"

    @property
    def metrics(self) -> Path:
        """One line for each logged step; see `d9d_lr.runs.metrics`."""
        return self.path / "metrics.jsonl"

    @property
    def result(self) -> Path:
        """How the run ended; see `d9d_lr.runs.results`."""
        return self.path / "result.json"

    @property
    def error(self) -> Path:
        """What ended the run, with its traceback; only there if it failed."""
        return self.path / "error.txt"

    def error_of(self, rank: int) -> Path:
        """What ended one process of several; that of rank 0 is the run's own."""
        return self.path / f"error-rank-{rank}.txt" if rank else self.error

    def errors(self) -> dict[int, Path]:
        """Returns what ended each process above rank 0 that is there, by rank."""
        found = ((_OF_RANK.fullmatch(path.name), path) for path in self.path.glob("error-rank-*.txt"))
        return dict(sorted((int(name[1]), path) for name, path in found if name))

    @property
    def checkpoint(self) -> Path:
        """The model and everything else at the end."""
        return self.path / "checkpoint.pt"

    @property
    def checkpoints(self) -> Path:
        """The folder of the checkpoints on the way."""
        return self.path / "checkpoints"

    def checkpoint_after(self, step: int) -> Path:
        """The checkpoint on the way after `step` updates."""
        return self.checkpoints / f"step-{step:09d}.pt"

    def checkpoints_on_the_way(self) -> list[Path]:
        """Returns the checkpoints on the way that are there, the newest first."""
        paths = [path for path in self.checkpoints.glob("step-*.pt") if step_of(path) is not None]
        return sorted(paths, key=lambda path: step_of(path) or 0, reverse=True)

    @property
    def composed(self) -> Path:
        """The configuration as Hydra composed it, without its own section."""
        return self.path / ".hydra" / "config.yaml"

    @property
    def overrides(self) -> Path:
        """What was typed for the run, as Hydra wrote it."""
        return self.path / ".hydra" / "overrides.yaml"

    @property
    def hydra(self) -> Path:
        """Hydra's own section: where the configuration came from, and how the run was started."""
        return self.path / ".hydra" / "hydra.yaml"

    @property
    def mlflow_run(self) -> Path:
        """The identifier of MLflow's run."""
        return self.path / ".mlflow"

    def holds_a_run(self) -> bool:
        """Whether a run began here."""
        return any(file.exists() for file in (self.result, self.metrics, self.overrides))


def step_of(checkpoint: Path) -> int | None:
    """Returns the step that the name of a checkpoint on the way says; None if it says none."""
    found = _ON_THE_WAY.fullmatch(checkpoint.name)
    return int(found[1]) if found else None


def run_folder_of(checkpoint: Path) -> Path:
    """Returns the run folder that a checkpoint lies in: that of its end, or one on the way."""
    return checkpoint.parent.parent if step_of(checkpoint) is not None else checkpoint.parent


def run_folders_below(folder: Path) -> Iterator[Path]:
    """Yields a folder and those below it in which a run began, in order; nothing is looked for inside of these."""
    for here, below, _ in os.walk(folder):
        if RunFolder(Path(here)).holds_a_run():
            yield Path(here)
            below.clear()
        else:
            below[:] = sorted(name for name in below if not name.startswith("."))


def remove_empty(*folders: Path) -> None:
    """Removes folders, in this order, that are there and hold nothing."""
    for folder in folders:
        with suppress(OSError):  # something lies in it, or it is gone
            folder.rmdir()


@dataclass(frozen=True)
class SweepFolder:
    """The folder of a sweep, with a run folder for each point.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    def record(self) -> Path:
        """All points, those included that never began; see `d9d_lr.runs.record`."""
        return self.path / "sweep.json"

    @property
    def table(self) -> Path:
        """One row for each point, for programs."""
        return self.path / "sweep.csv"

    @property
    def markdown(self) -> Path:
        """The same rows for people."""
        return self.path / "sweep.md"

    @property
    def composed(self) -> Path:
        """The configuration of the sweep itself, Hydra's section included."""
        return self.path / "multirun.yaml"

    @property
    def hidden(self) -> Path:
        """A folder for what nobody needs to read."""
        return self.path / ".sweep"

    @property
    def branches(self) -> Path:
        """The folder of the runs that points of the sweep begin from, each in a run folder."""
        return self.hidden / "branches"

    @property
    def mlflow_run(self) -> Path:
        """The identifier of MLflow's parent run."""
        return self.path / ".mlflow"

    def run(self, name: str) -> RunFolder:
        """The folder of the point called `name`."""
        return RunFolder(self.path / name)

    def runs(self) -> Iterator[RunFolder]:
        """Yields the run folders that Hydra made in it, by name."""
        for path in sorted(self.path.glob("*/.hydra/overrides.yaml")):
            yield RunFolder(path.parent.parent)

    def holds_a_sweep(self) -> bool:
        """Whether a sweep began here."""
        return self.composed.exists() or self.record.exists()


@dataclass(frozen=True)
class ReportFolder:
    """Where a report is written.

    Attributes:
        path: Where it is.
    """

    path: Path

    @property
    def page(self) -> Path:
        """The whole report."""
        return self.path / "report.html"

    def figure(self, name: str) -> Path:
        """The picture called `name`."""
        return self.path / f"report_{name}.png"

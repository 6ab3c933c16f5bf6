"""Weights & Biases: one run for each run folder, one group for each sweep; offline by default."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import wandb

from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.results import OBJECTIVE, RunResult
from d9d_lr.tracking.protocol import Scalar
from d9d_lr.tracking.settings import WandbConfig

_EXIT = {"completed": 0, "failed": 1, "interrupted": 130, "pruned": 0}


class WandbTracker:
    """One run; `wandb sync FOLDER/wandb/offline-run-*` sends it later."""

    def __init__(self, config: WandbConfig, folder: Path, hyperparameters: Mapping[str, Scalar]) -> None:
        files = folder / config.folder
        files.mkdir(parents=True, exist_ok=True)
        self._run: Any = wandb.init(
            project=config.project,
            mode=config.mode,
            dir=str(files),
            name=folder.name,
            group=folder.parent.name if SweepFolder(folder.parent).holds_a_sweep() else None,
            config=dict(hyperparameters),
            settings=wandb.Settings(silent=True, console="off", disable_git=True, save_code=False),
            reinit="create_new",
        )

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Writes the metrics of a step."""
        self._run.log(dict(metrics), step=step)

    def finish(self, result: RunResult) -> None:
        """Writes the objective and the status; the files are whole when it returns."""
        self._run.summary.update({"status": result.status, OBJECTIVE: result.objective})
        self._run.finish(exit_code=_EXIT[result.status])
        # To finish a run only asks wandb's own process to close its file, and does not wait for it. Its end is waited
        # for, unless the process has a run of somebody else's, which that would end too.
        if wandb.run is None:
            wandb.teardown()

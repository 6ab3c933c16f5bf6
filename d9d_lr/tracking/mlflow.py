"""MLflow in a local SQLite store: a run for each run, below one parent run for each sweep."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

# MLflow counts its use and reports it over the network, unless this is set before it is imported.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")

from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_PARENT_RUN_ID, MLFLOW_RUN_NAME

from d9d_lr.runs.folders import RunFolder, SweepFolder
from d9d_lr.runs.locks import in_turn
from d9d_lr.runs.results import RunResult
from d9d_lr.tracking.protocol import Scalar
from d9d_lr.tracking.settings import MlflowConfig

_METRICS_AT_ONCE = 200
_PARAMS_AT_ONCE = 100  # as many as MLflow takes
_STATUS = {"completed": "FINISHED", "failed": "FAILED", "interrupted": "KILLED", "pruned": "KILLED"}


class MlflowTracker:
    """One run in the store."""

    def __init__(self, config: MlflowConfig, folder: Path, hyperparameters: Mapping[str, Scalar]) -> None:
        store = Path(config.file).resolve()
        store.parent.mkdir(parents=True, exist_ok=True)
        with in_turn(store.with_name(f"{store.name}.lock")):  # two processes cannot make the same tables
            _try_to_open(store)
            self._client = MlflowClient(f"sqlite:///{store}")
            experiment = self._client.get_experiment_by_name(config.experiment)
            artifacts = (store.parent / "mlruns").as_uri()
            self._experiment: str = (
                experiment.experiment_id
                if experiment
                else self._client.create_experiment(config.experiment, artifact_location=artifacts)
            )
        run, sweep = RunFolder(folder), SweepFolder(folder.parent)
        self._parent = self._run_of(sweep, {}) if sweep.holds_a_sweep() else None
        self._run = self._run_of(run, {MLFLOW_PARENT_RUN_ID: self._parent} if self._parent else {})
        self._waiting: list[Metric] = []
        self._log_parameters(hyperparameters)

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Keeps the metrics until there are enough for one transaction."""
        now = int(time.time() * 1000)
        self._waiting += [Metric(name, value, now, step) for name, value in metrics.items()]
        if len(self._waiting) >= _METRICS_AT_ONCE:
            self._write()

    def finish(self, result: RunResult) -> None:
        """Writes what is left, and the status."""
        self._write()
        if result.error:
            self._client.set_tag(self._run, "error", result.error)
        self._client.set_terminated(self._run, _STATUS[result.status])
        if self._parent:
            self._client.set_terminated(self._parent, "FINISHED")  # until another of its runs goes on

    def _write(self) -> None:
        self._client.log_batch(self._run, metrics=self._waiting)
        self._waiting = []

    def _log_parameters(self, hyperparameters: Mapping[str, Scalar]) -> None:
        parameters = [Param(key, str(value)) for key, value in hyperparameters.items()]
        for start in range(0, len(parameters), _PARAMS_AT_ONCE):
            self._client.log_batch(self._run, params=parameters[start : start + _PARAMS_AT_ONCE])

    def _run_of(self, folder: RunFolder | SweepFolder, tags: Mapping[str, str]) -> str:
        """Returns the run that a folder stands for and keeps the identifier of; the first process to ask makes it."""
        with in_turn(folder.mlflow_run) as file:
            known = file.read().strip()
            if known and self._exists(known):
                self._client.update_run(known, status="RUNNING")
                return known
            name = {MLFLOW_RUN_NAME: folder.path.name, "folder": str(folder.path.resolve())}
            run: str = self._client.create_run(self._experiment, tags={**name, **tags}).info.run_id
            file.seek(0)
            file.truncate()
            file.write(f"{run}\n")
            return run

    def _exists(self, run: str) -> bool:
        try:
            self._client.get_run(run)
        except MlflowException:  # another store than the one that the file is from
            return False
        return True


def _try_to_open(store: Path) -> None:
    """Fails at once where MLflow would try again for minutes, while the run waits."""
    with closing(sqlite3.connect(store, timeout=30)) as connection:
        connection.execute("PRAGMA schema_version")

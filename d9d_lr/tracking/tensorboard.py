"""TensorBoard: scalars, and the hyperparameters that its HParams page compares the runs of a sweep by.

That page shows five columns at first: the hyperparameters that are marked as differing, by name, then all others.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData
from torch.utils.tensorboard import SummaryWriter, summary

from d9d_lr.runs.results import OBJECTIVE, RunResult
from d9d_lr.tracking.protocol import Scalar

_hparams: Any = summary.hparams  # torch has no types for it


class TensorboardTracker:
    """Event files in one folder; `tensorboard --logdir` over the sweep's folder shows all runs of it."""

    def __init__(self, folder: Path, hyperparameters: Mapping[str, Scalar], compared: Collection[str] = ()) -> None:
        """Opens nothing yet.

        Args:
            folder: Where the event files go.
            hyperparameters: All of them, by key.
            compared: Those by which runs are compared.
        """
        self._folder = folder
        self._experiment, self._begin, self._end = _hparams(dict(hyperparameters), {OBJECTIVE: 0.0})
        _mark_differing(self._experiment, compared)
        self._writer: Any = None

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Writes each metric as a scalar; a resumed run hides what an earlier part wrote beyond its first step."""
        for name, value in metrics.items():
            self._open(step).add_scalar(name, value, step)

    def finish(self, result: RunResult) -> None:
        """Ends the session and closes the files."""
        writer = self._open(result.steps)
        writer.file_writer.add_summary(self._end)
        writer.close()

    def _open(self, first_step: int) -> Any:
        if self._writer is None:
            self._writer = SummaryWriter(str(self._folder), purge_step=first_step)
            self._writer.file_writer.add_summary(self._experiment)
            self._writer.file_writer.add_summary(self._begin)
        return self._writer


def _mark_differing(experiment: Any, compared: Collection[str]) -> None:
    """Marks hyperparameters in the plugin's own description of the experiment, which torch leaves unmarked."""
    plugin = experiment.value[0].metadata.plugin_data
    data = HParamsPluginData.FromString(plugin.content)
    for info in data.experiment.hparam_infos:
        info.differs = info.name in compared
    plugin.content = data.SerializeToString()

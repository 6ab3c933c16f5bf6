"""A sweeper for any Hydra application: `hydra/sweeper: checked`. The logic is in `d9d_lr/sweeping/`.

Hydra imports this module for every application, so it imports nothing heavy; it acts only where it is chosen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class CheckedSweeper(Sweeper):
    """Checks every point before the first job, goes on where an earlier start ended, and sums up."""

    def __init__(self, params: Mapping[str, str] | None = None, **steering: Any) -> None:
        """Called by Hydra with its section; `d9d_lr.sweeping` reads how the sweep goes from there."""
        self._params = [f"{key}={value}" for key, value in (params or {}).items()]

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra; the launcher gets the guarded job, and everyone a folder that no `os.chdir` moves."""
        from d9d_lr.composing.hydra_internals import JobLoader
        from d9d_lr.sweeping.composer import JobComposer
        from d9d_lr.sweeping.guard import GuardedJob
        from d9d_lr.sweeping.sweep import fix_folder

        fix_folder(config)
        self.config, self.hydra_context = config, hydra_context
        self.job = GuardedJob(task_function)
        loader = JobLoader(hydra_context.config_loader, JobComposer())
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=HydraContext(loader, hydra_context.callbacks), task_function=self.job, config=config
        )

    def sweep(self, arguments: list[str]) -> Sequence[Any]:
        """Called by Hydra with what was typed."""
        from d9d_lr.sweeping.run import run_sweep
        from d9d_lr.sweeping.stopping import errors_reported
        from d9d_lr.sweeping.sweep import Sweep

        assert self.hydra_context is not None
        assert self.launcher is not None
        assert self.config is not None
        sweep = Sweep(self.hydra_context, self.launcher, self.job, self.config)
        with errors_reported(arguments):
            return run_sweep(sweep, [*self._params, *arguments])

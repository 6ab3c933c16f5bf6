"""A sweeper for any Hydra application: `hydra/sweeper=checked`. The logic is in `d9d_lr/sweeping/`.

Hydra imports this module for every application, so it imports nothing heavy; it acts only where it is chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class CheckedSweeper(BasicSweeper):
    """Checks every point before the first job, goes on where an earlier start ended, and sums up."""

    def __init__(
        self, max_batch_size: int | None = None, params: dict[str, str] | None = None, **steering: Any
    ) -> None:
        """Called by Hydra with its section; `d9d_lr.sweeping` reads how the sweep goes from there."""
        super().__init__(max_batch_size, params)

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra; the launcher gets the guarded job, and everyone a folder that no `os.chdir` moves."""
        from d9d_lr.sweeping.guard import GuardedJob
        from d9d_lr.sweeping.run import fix_folder

        fix_folder(config)
        self.job = GuardedJob(task_function)
        super().setup(hydra_context=hydra_context, task_function=self.job, config=config)

    def sweep(self, arguments: list[str]) -> Sequence[Any]:
        """Called by Hydra with what was typed."""
        from d9d_lr.sweeping.run import Sweep, run_sweep

        assert self.hydra_context is not None
        assert self.launcher is not None
        assert self.config is not None
        sweep = Sweep(self.hydra_context, self.launcher, self.job, self.config)
        return run_sweep(sweep, [*self._parse_config(), *arguments])

"""Hydra's sweeper of the training entrypoint: `hydra/sweeper: checked`. The logic is in `d9d_lr/sweeping/`.

Hydra imports this module for every application, so it imports nothing heavy; it acts only where it is chosen.
"""

# Annotations stay objects here: Hydra runs the module outside of sys.modules, where dataclass looks strings up.
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from d9d_lr.composing.hydra_internals import store


@dataclass
class CheckedSweeperConf:
    """What `hydra.sweeper` holds: as for Hydra's own sweeper."""

    _target_: str = "hydra_plugins.d9d_lr_sweeper.CheckedSweeper"
    max_batch_size: int | None = None
    params: dict[str, str] | None = field(default_factory=dict)


store("checked", CheckedSweeperConf, group="hydra/sweeper")


class CheckedSweeper(Sweeper):
    """Checks every point before the first job, goes on where an earlier start ended, and sums up."""

    def __init__(self, max_batch_size: int | None, params: Mapping[str, str] | None) -> None:
        self._max_batch_size = max_batch_size
        self._params = [f"{key}={value}" for key, value in (params or {}).items()]

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        """Called by Hydra; the launcher gets the guarded job."""
        from d9d_lr.sweeping.guard import GuardedJob

        self.config, self.hydra_context = config, hydra_context
        self.job = GuardedJob(task_function)
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=self.job, config=config
        )

    def sweep(self, arguments: list[str]) -> Sequence[Any]:
        """Called by Hydra with what was typed."""
        from d9d_lr.sweeping.run import Sweep, run_sweep

        assert self.hydra_context is not None
        assert self.launcher is not None
        assert self.config is not None
        sweep = Sweep(self.hydra_context, self.launcher, self.job, self.config, self._max_batch_size)
        return run_sweep(sweep, [*self._params, *arguments])

"""torchtitan: a container of schedulers whose numbers are those of the schedule.

    config.lr_scheduler = PiecewiseLRSchedulers.Config(schedule=lr_config.model_dump_json())

torchtitan's own container multiplies the learning rate of step t with its formula at t + 1; here it is m(t).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from torchtitan.components.optimizer import LRSchedulersContainer, OptimizersContainer

from d9d_lr.integrations.building import build_scheduler
from d9d_lr.provider.auto import AutoLRSchedulerProvider
from d9d_lr.provider.protocols import LRSchedulerProtocol, LRSchedulerProvider
from d9d_lr.provider.resuming import OnScheduleChange


class PiecewiseLRSchedulers(LRSchedulersContainer):
    """One scheduler for each optimizer, all of one schedule.

    The state holds the step and the schedule, and no base learning rates: those are the optimizers', whose number may
    be another after resharding.
    """

    schedulers: list[LRSchedulerProtocol]

    @dataclass(kw_only=True, slots=True)
    class Config(LRSchedulersContainer.Config):
        """Stands in for torchtitan's; of the fields that it inherits, `total_steps` counts and the others do not."""

        schedule: str
        """The schedule as JSON, flat or nested, such as `compose_lr(["lr=wsd"]).model_dump_json()`."""

        on_schedule_change: OnScheduleChange = "error"
        """What to do with a checkpoint of another schedule: error, adopt or keep."""

        def build(self, *, optimizers: OptimizersContainer, training_steps: int) -> PiecewiseLRSchedulers:
            """Returns the container.

            Raises:
                ConfigError: With everything that is wrong with the schedule.
            """
            provider = AutoLRSchedulerProvider(
                json.loads(self.schedule), on_schedule_change=self.on_schedule_change, key="lr_scheduler.schedule"
            )
            total_steps = training_steps if self.total_steps is None else self.total_steps
            return PiecewiseLRSchedulers(optimizers, provider, total_steps)

    def __init__(self, optimizers: OptimizersContainer, provider: LRSchedulerProvider, total_steps: int) -> None:
        self.schedulers = [build_scheduler(provider, optimizer, total_steps) for optimizer in optimizers]

    def state_dict(self) -> dict[str, Any]:
        """Returns the step and the schedule."""
        state = self.schedulers[0].state_dict()
        return {"last_epoch": state["last_epoch"], "schedule": state["schedule"]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a saved state, and sets the learning rates at once.

        Raises:
            ConfigError: If it is of another schedule and `on_schedule_change` is `error`.
        """
        for scheduler in self.schedulers:
            scheduler.load_state_dict(state_dict)

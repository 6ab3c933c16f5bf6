"""transformers and TRL: a `Trainer` that takes its scheduler from a provider.

    class ScheduledTrainer(ScheduleMixin, Trainer):
        schedule = AutoLRSchedulerProvider(cfg.lr)

The `Trainer` calls `create_scheduler` with the optimizer steps of the whole run (`max_steps`, or epochs times steps per
epoch, accumulation counted), without an optimizer, after it has made its own; so this works where
`optimizers=(optimizer, scheduler)` is refused, as with FSDP, and with `model_init` and a hyperparameter search, which
make an optimizer for each trial.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.integrations.building import ScheduleSource, build_scheduler
from d9d_lr.provider.protocols import LRSchedulerProtocol


class ScheduleMixin:
    """Stands before `Trainer`, or a TRL trainer, among the bases of a class.

    Attributes:
        schedule: A provider, a config or a section of a Hydra configuration.
    """

    schedule: ScheduleSource | None = None

    def create_scheduler(self, num_training_steps: int, optimizer: Optimizer | None = None) -> LRSchedulerProtocol:
        """Makes the scheduler of a training, once.

        Raises:
            ConfigError: If no schedule was given, or it does not fit the number of steps.
        """
        if self.schedule is None:
            hint = "class MyTrainer(ScheduleMixin, Trainer): schedule = AutoLRSchedulerProvider(cfg.lr)"
            raise ConfigError([Problem("schedule", "is not set", hint)])
        return _created(self, self.schedule, num_training_steps, optimizer)


def use_schedule(trainer: Any, schedule: ScheduleSource) -> None:
    """Gives a trainer that is already there a schedule, in place of `args.lr_scheduler_type`.

    Args:
        trainer: A `Trainer` of transformers or TRL, before `train()`.
        schedule: A provider, a config or a section of a Hydra configuration.
    """

    def create_scheduler(self: Any, num_training_steps: int, optimizer: Optimizer | None = None) -> LRSchedulerProtocol:
        return _created(self, schedule, num_training_steps, optimizer)

    trainer.create_scheduler = MethodType(create_scheduler, trainer)


def _created(
    trainer: Any, schedule: ScheduleSource, total_steps: int, optimizer: Optimizer | None
) -> LRSchedulerProtocol:
    if trainer.lr_scheduler is None:
        trainer.lr_scheduler = build_scheduler(schedule, optimizer or trainer.optimizer, total_steps)
        trainer._created_lr_scheduler = True  # so that the trainer drops it before its next training
    scheduler: LRSchedulerProtocol = trainer.lr_scheduler
    return scheduler

"""Lightning: what `configure_optimizers` returns.

    def configure_optimizers(self):
        return optimizers_with_schedule(self.trainer, AdamW(self.parameters(), lr=0.003), cfg.lr)

Lightning steps a scheduler once per epoch unless its interval is set; this sets it.
"""

from __future__ import annotations

import math
from typing import Any

from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.integrations.building import ScheduleSource, build_scheduler


def optimizers_with_schedule(
    trainer: Any, optimizer: Optimizer, schedule: ScheduleSource, total_steps: int | None = None
) -> dict[str, Any]:
    """Returns an optimizer and its scheduler, which is stepped after every optimizer step.

    Args:
        trainer: The module's `Trainer`.
        optimizer: The optimizer.
        schedule: A provider, a config or a section of a Hydra configuration.
        total_steps: Optimizer steps of the whole run; `trainer.estimated_stepping_batches` by default, which counts
            accumulation and epochs.

    Raises:
        ConfigError: If the trainer does not know how long it will train, or the schedule does not fit.
    """
    steps = stepping_batches(trainer) if total_steps is None else total_steps
    scheduler = build_scheduler(schedule, optimizer, steps)
    return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step", "frequency": 1}}


def stepping_batches(trainer: Any) -> int:
    """Returns the optimizer steps of the whole run.

    Raises:
        ConfigError: If they are not known: no `max_steps`, and no `max_epochs` or data without a length.
    """
    estimated = trainer.estimated_stepping_batches
    if not math.isfinite(estimated) or estimated < 1:
        message = f"the trainer expects {estimated} steps; a schedule must know how long the run is"
        raise ConfigError([Problem("max_steps", message, "Trainer(max_steps=1000), or give total_steps")])
    return int(estimated)

"""Composer: a schedule as a pure function of its `State`.

    Trainer(..., schedulers=composer_schedule(cfg.lr))

Composer steps a torch scheduler once per epoch by default; a function it asks at every batch, but before it counts the
batch: a function of `state.timestamp` alone would use m(0) twice and lag behind by one batch for the whole run.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from omegaconf import DictConfig

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.resolve_lr import resolve_lr
from d9d_lr.diagnostics.problems import ConfigError, Problem


def composer_schedule(
    config: PiecewiseConfig | DictConfig | dict[str, Any], total_steps: int | None = None
) -> Callable[..., float]:
    """Returns f(state, ssr=1.0), the multiplier of the learning rate for the batch that comes next.

    That is batch t of the timestamp where no batch was trained yet, and t + 1 afterwards, since Composer asks before it
    counts batch t. With a scale schedule ratio the value is m(floor(t / ssr)), that of a schedule stretched by it.

    Args:
        config: The schedule.
        total_steps: Batches of the whole run at ratio 1; from the state's `max_duration` by default.

    Raises:
        ConfigError: With everything that is wrong with the config; when called, if `max_duration` is in neither
            batches nor epochs of known length.
    """
    schedule_config = config if isinstance(config, PiecewiseConfig) else resolve_lr(config)

    @lru_cache(maxsize=4)
    def schedule(steps: int) -> Any:
        return build_schedule(schedule_config, steps)

    def multiplier(state: Any, ssr: float = 1.0) -> float:
        steps = total_steps if total_steps is not None else round(_batches(state) / ssr)
        trained = state.batch is not None
        value: float = schedule(steps).multiplier(int((state.timestamp.batch.value + trained) / ssr))
        return value

    return multiplier


def _batches(state: Any) -> int:
    duration = state.max_duration
    unit = duration.unit.name if duration is not None else "none"
    if unit == "BATCH":
        return int(duration.value)
    if unit == "EPOCH" and state.dataloader_len is not None:
        return int(duration.value) * int(state.dataloader_len)
    message = f"max_duration is {duration}, whose batches are not known; a schedule must know how long the run is"
    raise ConfigError([Problem("max_duration", message, 'Trainer(max_duration="1000ba"), or give total_steps')])

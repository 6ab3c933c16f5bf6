"""The provider that a config object describes."""

from __future__ import annotations

from typing import assert_never

from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import AutoLRSchedulerConfig, PiecewiseConfig
from d9d_lr.provider.context import InitializeLRSchedulerContext
from d9d_lr.provider.torch_scheduler import PiecewiseLR


class AutoLRSchedulerProvider:
    """An `LRSchedulerProvider` built on a config object."""

    def __init__(self, config: AutoLRSchedulerConfig) -> None:
        self._config = config

    def __call__(self, context: InitializeLRSchedulerContext) -> PiecewiseLR:
        """Returns a new scheduler for the context's optimizer.

        Raises:
            ConfigError: If the phases do not fit the context's `total_steps`.
        """
        match self._config:
            case PiecewiseConfig():
                return PiecewiseLR(context.optimizer, build_schedule(self._config, context.total_steps))
            case _:
                assert_never(self._config)

"""Building the scheduler that the settings name."""

from __future__ import annotations

from typing import assert_never

from d9d_lr.composing.targets import TargetConfig, call
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.schedules import nested
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.provider.auto import AutoLRSchedulerProvider
from d9d_lr.provider.context import InitializeLRSchedulerContext
from d9d_lr.provider.protocols import LRSchedulerProtocol, LRSchedulerProvider
from d9d_lr.training.plan import SchedulePlan


def build_scheduler(plan: SchedulePlan, context: InitializeLRSchedulerContext) -> LRSchedulerProtocol:
    """Calls the provider that a plan describes.

    Raises:
        ConfigError: If the user-defined provider is none, or what it builds is no scheduler.
    """
    scheduler = build_provider(plan)(context)
    if not isinstance(scheduler, LRSchedulerProtocol):
        message = f"it built a {type(scheduler).__name__}; a scheduler needs step, state_dict and load_state_dict"
        raise ConfigError([Problem("lr._target_", message)])
    return scheduler


def build_provider(plan: SchedulePlan) -> LRSchedulerProvider:
    """Returns the provider that a plan describes.

    Raises:
        ConfigError: If the user-defined one cannot be called.
    """
    match plan.lr:
        case PiecewiseConfig():
            # The loop is ours, and may outlast a schedule that is kept.
            return AutoLRSchedulerProvider(
                plan.lr, on_misstep="off", schedules=nested(plan.schedules), batch_size=plan.full_batch
            )
        case TargetConfig():
            provider = call(plan.lr)
            if not isinstance(provider, LRSchedulerProvider):
                message = f"{plan.lr.target} gives a {type(provider).__name__}; a provider is called with a context"
                raise ConfigError([Problem("lr._target_", message)])
            return provider
        case _:
            assert_never(plan.lr)

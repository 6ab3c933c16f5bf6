"""The provider that a config object describes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

import torch
from omegaconf import DictConfig
from pydantic import BaseModel

from d9d_lr.config.build import config_html
from d9d_lr.config.models import PiecewiseConfig, PiecewiseSchedulerConfig, config_from_json
from d9d_lr.config.plain import marked
from d9d_lr.config.resolve_lr import check_fit, resolve_lr
from d9d_lr.config.schedules import (
    batch_sizes_of,
    fit_each,
    only_batch_sizes,
    ramp_section,
    resolve_each,
    sections_of,
)
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean
from d9d_lr.provider.context import InitializeLRSchedulerContext
from d9d_lr.provider.guard import OnMisstep
from d9d_lr.provider.resuming import OnScheduleChange
from d9d_lr.provider.torch_scheduler import PiecewiseLR
from d9d_lr.schedule.piecewise import Schedule

T = TypeVar("T")


class AutoLRSchedulerProvider:
    """An `LRSchedulerProvider` built on a config object, and on one more for whatever else is scheduled."""

    def __init__(
        self,
        config: PiecewiseConfig | DictConfig | Mapping[str, Any] | BaseModel,
        on_schedule_change: OnScheduleChange = "error",
        on_misstep: OnMisstep = "warn",
        key: str = "lr",
        *,
        schedules: DictConfig | Mapping[str, Any] | None = None,
        batch_size: int | None = None,
    ) -> None:
        """Validates the config.

        Args:
            config: The schedule: a config object of ours or of the d9d framework, a section of a Hydra configuration,
                or a mapping as JSON gives it.
            on_schedule_change: What a scheduler does when it is to load a state that was saved under another schedule:
                `error` refuses it with every difference, `adopt` goes on at its step under this schedule, `keep` goes
                on with the saved one.
            on_misstep: What happens when a scheduler is stepped past its end, several times or less than once for each
                optimizer step, or before the first: `warn`, `error` or `off`.
            key: What the section is called in errors.
            schedules: By name, what else is scheduled, each in any of the forms of `config`: `weight_decay`,
                `momentum`, `betas: {1: ...}`, `batch_size`, and `groups: {head: {lr: ...}}` for a param group that is
                called `head`. Each multiplies what the optimizer's groups have.
            batch_size: Examples of a full batch, which the schedule of the batch size multiplies: that of `schedules`,
                or the one that `config` comes with.

        Raises:
            ConfigError: With everything that is wrong with the config.
        """
        self._section = marked(config.model_dump() if isinstance(config, BaseModel) else config, key)
        self._config = _validated(config) or resolve_lr(self._section, key=key)
        self._on_schedule_change: OnScheduleChange = _one_of("on_schedule_change", on_schedule_change, OnScheduleChange)
        self._on_misstep: OnMisstep = _one_of("on_misstep", on_misstep, OnMisstep)
        self._key = key
        self._sections = resolve_each(sections_of(schedules or {}))
        self._batch_section = only_batch_sizes(self._sections, ramp_section(self._section, self._config, key))
        self._batch_size = batch_size

    def __call__(self, context: InitializeLRSchedulerContext) -> PiecewiseLR:
        """Returns a new scheduler for the context's optimizer.

        Of several processes only the main one warns of missteps.

        Raises:
            ConfigError: If the phases do not fit the context's `total_steps`.
        """
        total_steps = context.total_steps
        batch = batch_sizes_of(self._batch_section, total_steps, self._batch_size)
        shares = batch.counted_with() if batch else None
        schedule = check_fit(self._config, self._section, total_steps, self._key, shares)
        others = fit_each(self._sections, total_steps, shares)
        warns_twice = self._on_misstep == "warn" and not context.dist_context.is_main_process
        return PiecewiseLR(
            context.optimizer,
            schedule,
            on_schedule_change=self._on_schedule_change,
            on_misstep="off" if warns_twice else self._on_misstep,
            key=self._key,
            others=others,
            batch=batch,
        )

    def schedule(self, total_steps: int) -> Schedule | None:
        """Returns the schedule of the learning rates in a run of some length; None where more is scheduled.

        Raises:
            ConfigError: If the phases do not fit.
        """
        return None if self._sections else check_fit(self._config, self._section, total_steps, self._key)

    def __repr__(self) -> str:
        return f"AutoLRSchedulerProvider({self._config!r})"

    def _repr_html_(self) -> str:
        return config_html(self._config.scheduler, type(self).__name__)


def _validated(config: object) -> PiecewiseConfig | None:
    """Returns a config object of ours; None for what is still to be validated."""
    if isinstance(config, PiecewiseSchedulerConfig):
        return PiecewiseConfig(scheduler=config)
    return config if isinstance(config, PiecewiseConfig) else None


def _one_of(name: str, value: T, literal: Any) -> T:
    """Returns a value of a `Literal`.

    Raises:
        ConfigError: If it is none of them.
    """
    allowed = get_args(literal)
    if value not in allowed:
        message = f"{value!r} is not allowed; it must be {', '.join(allowed[:-1])} or {allowed[-1]}"
        raise ConfigError([Problem(name, message, did_you_mean(str(value), allowed))])
    return value


# A config or a provider among the hyperparameters of a checkpoint is read with `weights_only=True`.
torch.serialization.add_safe_globals([config_from_json, AutoLRSchedulerProvider])

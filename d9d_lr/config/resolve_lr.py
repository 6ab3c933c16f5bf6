"""The compose boundary for schedules: a composed `lr` section goes in, a validated config comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from omegaconf import DictConfig
from pydantic import ValidationError

from d9d_lr.config.build import build_schedule
from d9d_lr.config.lr_vocabulary import LR
from d9d_lr.config.models import PiecewiseConfig, PiecewiseSchedulerConfig
from d9d_lr.config.plain import marked
from d9d_lr.config.positions import positions_of
from d9d_lr.config.scalars import without_scalars
from d9d_lr.diagnostics.explain import explain
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.piecewise import Schedule

_FIELDS = (*PiecewiseSchedulerConfig.model_fields, *PiecewiseConfig.model_fields)


def resolve_lr(
    section: DictConfig | Mapping[str, Any],
    total_steps: int | None = None,
    *,
    key: str = "lr",
    batch: BatchShares | None = None,
) -> PiecewiseConfig:
    """Validates a composed `lr` section, such as `cfg.lr` of a Hydra application.

    Args:
        section: The section: phases as a mapping from position or as a list, flat or nested.
        total_steps: If given, the phases must also fit a run of that many steps.
        key: What the section is called in errors.
        batch: Which share of a full batch each step has, where the batch size is scheduled too.

    Returns:
        The validated, frozen config.

    Raises:
        ConfigError: With every problem found, each with its key as typed.
    """
    if not isinstance(section, Mapping):
        hint = f"to have schedules there, put - {'' if key == 'lr' else 'lr@'}{key}: wsd into the defaults list"
        raise ConfigError([Problem(key, f"must be a schedule, not {section!r}", hint)])
    raw, problems = without_scalars(marked(section, key), _FIELDS, key)
    try:
        config = PiecewiseConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError([*problems, *explain(error, PiecewiseConfig, raw, key, LR)]) from None
    if problems:
        raise ConfigError(problems)
    if total_steps is not None:
        check_fit(config, raw, total_steps, key, batch)
    return config


def check_fit(
    config: PiecewiseConfig,
    raw: Mapping[str, Any],
    total_steps: int,
    key: str = "lr",
    batch: BatchShares | None = None,
) -> Schedule:
    """Returns what `build_schedule` does, and raises with the positions of the phases as they were typed in `raw`."""
    with typed_below(key):
        return build_schedule(config, total_steps, positions=positions_of(raw), batch=batch)


@contextmanager
def typed_below(key: str) -> Iterator[None]:
    """Raises the problems of a schedule with their keys as they are typed."""
    try:
        yield
    except ConfigError as error:
        raise ConfigError(
            problem if problem.key == "total_steps" else problem.below(key) for problem in error.problems
        ) from None

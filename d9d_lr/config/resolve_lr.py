"""The compose boundary for schedules: a composed `lr` section goes in, a validated config comes out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from omegaconf import DictConfig
from pydantic import ValidationError

from d9d_lr.config.batch_sizes import ramp_shares
from d9d_lr.config.build import build_schedule
from d9d_lr.config.lr_vocabulary import LR
from d9d_lr.config.models import PiecewiseConfig, PiecewiseSchedulerConfig
from d9d_lr.config.plain import marked
from d9d_lr.config.positions import positions_of
from d9d_lr.config.scalars import without_scalars
from d9d_lr.config.scheduler_fields import BATCH_SIZE, SCHEDULES, sharing
from d9d_lr.config.written import STRETCH
from d9d_lr.diagnostics.explain import explain
from d9d_lr.diagnostics.problems import ConfigError, Problem, join_key
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.units import UNIT_FIELDS

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
    written, ramp = apart(marked(section, key))
    raw, problems = without_scalars(written, _FIELDS, key)
    own, wrong = _batch_sizes(ramp, join_key(key, BATCH_SIZE))
    try:
        config = PiecewiseConfig.model_validate(raw)
    except ValidationError as error:
        raise ConfigError([*problems, *explain(error, PiecewiseConfig, raw, key, LR), *wrong]) from None
    if problems or wrong:
        raise ConfigError([*problems, *wrong])
    if own is not None:
        config, raw = config.with_ramp(own), _together(raw, ramp)
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
    with typed_below(key, raw):
        if batch is None and config.scheduler.batch_size is not None:
            batch = ramp_shares(config.scheduler, total_steps, positions_of(ramp_of(raw)))
        return build_schedule(config, total_steps, positions=positions_of(raw), batch=batch)


def apart(section: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """Returns a section without the batch sizes that it comes with, and those with what both have in common.

    Args:
        section: The section as it is written, flat or nested.

    Returns:
        The rest, and a mapping; None where there are none, and whatever stands in their place if it is no mapping.
    """
    if isinstance(section.get("scheduler"), Mapping):
        inner, ramp = apart(section["scheduler"])
        return {**section, "scheduler": inner}, ramp
    ramp = section.get(BATCH_SIZE)
    rest = {name: value for name, value in section.items() if name != BATCH_SIZE}
    return rest, sharing(ramp, section) if isinstance(ramp, Mapping) else ramp


def ramp_of(section: Mapping[str, Any]) -> Any:
    """Returns the batch sizes that a section comes with, as `apart` does."""
    return apart(section)[1]


def _batch_sizes(ramp: Any, key: str) -> tuple[PiecewiseConfig | None, Sequence[Problem]]:
    """Returns the batch sizes that a schedule comes with, validated, and what is wrong with them."""
    if ramp is None:
        return None, []
    try:
        check_mapping(ramp, key)
        found = resolve_lr(ramp, key=key)
    except ConfigError as error:
        return None, error.problems
    return found, has_no_ramp(found, key)


def check_mapping(ramp: Any, key: str) -> None:
    """Refuses what is no schedule in the place of the batch sizes that one comes with.

    Raises:
        ConfigError: If it is a number, say.
    """
    if not isinstance(ramp, Mapping) or not ramp:
        message = f"{ramp!r} is no schedule; it must be a mapping with initial_multiplier and phases"
        raise ConfigError([Problem(key, message, f"for batches of one size, type {key}=null")])


def has_no_ramp(config: PiecewiseConfig, key: str) -> list[Problem]:
    """Returns the problem of batch sizes in a schedule that is not the learning rate's."""
    if config.scheduler.batch_size is None:
        return []
    place = join_key(key, BATCH_SIZE)
    return [Problem(place, "only a learning rate comes with batch sizes of its own", f"type {place}=null")]


def _together(raw: Mapping[str, Any], ramp: Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(raw.get("scheduler"), Mapping):
        return {**raw, "scheduler": {**raw["scheduler"], BATCH_SIZE: ramp}}
    return {**raw, BATCH_SIZE: ramp}


@contextmanager
def typed_below(key: str, raw: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Raises the problems of a schedule with their keys as they are typed, and hints that can be.

    Args:
        key: What the section is called.
        raw: The section as it is written: Hydra wants a `+` before a key that is not in it.
    """
    try:
        yield
    except ConfigError as error:
        raise ConfigError(_typed(problem, key, raw) for problem in error.problems) from None


def _typed(problem: Problem, key: str, raw: Mapping[str, Any] | None) -> Problem:
    found = problem if problem.key == "total_steps" else problem.below(key)
    fields = {} if raw is None else raw.get("scheduler", raw)
    place = join_key(_stretched_at(key), *(("scheduler",) if raw and "scheduler" in raw else ()), "stretch")
    typed = f"{'' if raw is None or 'stretch' in fields else '+'}{place}=true"
    hint = found.hint.replace(STRETCH, typed)
    if raw is not None and problem.key in UNIT_FIELDS and problem.key not in fields:
        hint = hint.replace(f"type {found.key}=", f"type +{found.key}=")
    return replace(found, hint=hint)


def _stretched_at(key: str) -> str:
    """Returns whose key says that it is stretched: batch sizes are, with the learning rate that they come with."""
    parent, _, name = key.rpartition(".")
    return parent if name == BATCH_SIZE and parent and parent.rpartition(".")[2] != SCHEDULES else key

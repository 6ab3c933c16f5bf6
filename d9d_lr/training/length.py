"""The length of a run: in steps, or in the examples or tokens that it is to see."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from d9d_lr.config.base import Base
from d9d_lr.diagnostics.explain import validated
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.units import NEEDS, PerStep, Unit, Units, exact

_IN: dict[str, Unit] = {"total_samples": "samples", "total_tokens": "tokens"}


class _Amounts(Base):
    total_samples: PerStep | None = None
    total_tokens: PerStep | None = None


class _PerStep(Base):
    samples_per_step: PerStep | None = None
    tokens_per_sample: PerStep | None = None
    tokens_per_step: PerStep | None = None


def with_total_steps(
    train: Mapping[str, Any], lr: Mapping[str, Any], shares: Callable[[], BatchShares | None] = lambda: None
) -> dict[str, Any]:
    """Returns the section `train` with its length in steps: the last one that is wholly inside the amount.

    Args:
        train: The section; exactly one of `total_steps`, `total_samples` and `total_tokens` is set.
        lr: The section of the schedule, which says what a step is.
        shares: Returns which share of a full batch each step has; None where the batch has one size.

    Raises:
        ConfigError: If more than one is set, an amount is no amount, is less than a step, or cannot be counted.
    """
    given = [name for name in ("total_steps", *_IN) if train.get(name) is not None]
    if len(given) > 1:
        raise ConfigError([_beside(name, given[-1], train) for name in given[:-1]])
    if not given or given == ["total_steps"]:
        return dict(train)
    (name,) = given
    amounts = validated(_Amounts, {name: train[name]}, "train")
    batch = shares() or BatchShares()
    units = Units(
        batch=batch, **dict(validated(_PerStep, {field: lr.get(field) for field in _PerStep.model_fields}, "lr"))
    )
    need = NEEDS[_IN[name]]
    if not units.knows(need):
        message = f"is missing; train.{name} needs it"
        raise ConfigError([Problem(f"lr.{need}", message, f"type lr.{need}=NUMBER")])
    steps = math.floor(units.steps_for(_IN[name], exact(getattr(amounts, name))))
    if not steps:
        step = float(units.amount_after(_IN[name], 1))
        raise ConfigError([Problem(f"train.{name}", f"{train[name]} is less than a step, which is {step:.12g}")])
    return {**train, "total_steps": steps, name: None}


def _beside(name: str, other: str, train: Mapping[str, Any]) -> Problem:
    message = f"{train[name]} stands beside train.{other}, {train[other]}, and only one of them may"
    return Problem(f"train.{name}", message, f"type train.{name}=null")

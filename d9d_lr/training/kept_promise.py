"""Looking whether a user-defined provider does what its `schedule(total_steps)` says, before others rely on it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.provider.context import InitializeLRSchedulerContext
from d9d_lr.training.fingerprint import storable
from d9d_lr.training.own_parts import multipliers_of
from d9d_lr.training.plan import SchedulePlan
from d9d_lr.training.schedulers import build_scheduler

_TOLERANCE = 1e-6
"""Relative; a scheduler may compute a learning rate from the one before, and so round otherwise."""


def check_said(plan: SchedulePlan, context: InitializeLRSchedulerContext, steps: int) -> None:
    """Steps a scheduler through the beginning of a run, if a user-defined provider built it.

    Args:
        plan: The plan of the run.
        context: An optimizer that is used for nothing else.
        steps: The steps that the run shares with others.

    Raises:
        RunError: If it sets another learning rate than the provider says, or changes something else.
    """
    if not isinstance(plan.lr, TargetConfig):
        return
    values, _ = multipliers_of(plan.lr, plan.total_steps)
    if values is None:
        return
    groups = context.optimizer.param_groups
    bases = [float(group["lr"]) for group in groups]
    scheduler = build_scheduler(plan, context)
    others = [_but_rates(group) for group in groups]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # torch expects optimizer.step() in between
        for step, multiplier in enumerate(np.asarray(values(np.arange(steps)))):
            for group, base, other in zip(groups, bases, others, strict=True):
                said, found = base * float(multiplier), float(group["lr"])
                if not math.isclose(said, found, rel_tol=_TOLERANCE, abs_tol=_TOLERANCE * abs(base)):
                    raise _broken(
                        plan.lr.target, f"a learning rate of {said:.6g} in step {step}, and it is {found:.6g}"
                    )
                if (now := _but_rates(group)) != other:
                    changed = next(name for name in now if now.get(name) != other.get(name))
                    raise _broken(plan.lr.target, f"learning rates alone, and {changed} changes in step {step}")
            scheduler.step()


def _but_rates(group: Mapping[str, Any]) -> dict[str, Any]:
    return {name: storable(value) for name, value in group.items() if name not in ("params", "lr")}


def _broken(target: str, what: str) -> RunError:
    return RunError(f"schedule(total_steps) of {target} says {what}; mend it, or type sweep.share_prefixes=false")

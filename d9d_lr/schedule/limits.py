"""What a scheduled hyperparameter may be: a weight decay is at least 0, a momentum or beta from 0 to below 1."""

from __future__ import annotations

from collections.abc import Iterator

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.schedule.piecewise import Schedule

_BELOW_1 = ("momentum", "betas")
_FROM_0 = ("weight_decay", *_BELOW_1)


def limit_problems(hyperparameter: str, schedule: Schedule, base: float) -> Iterator[Problem]:
    """Yields the first value, at a corner of its schedule, that a hyperparameter cannot have.

    Args:
        hyperparameter: Its name, such as `weight_decay` or `betas.1`.
        schedule: The multiplier.
        base: What it multiplies.
    """
    name = hyperparameter.partition(".")[0]
    if name not in _FROM_0:
        return
    allowed = "from 0 to below 1" if name in _BELOW_1 else "at least 0"
    for step in corners(schedule):
        value = base * schedule.multiplier(step)
        if value < 0 or (name in _BELOW_1 and value >= 1):
            message = f"at step {step} it is {value:.6g}, {schedule.multiplier(step):.6g} times {base:.6g}"
            yield Problem("", f"{message}; it must be {allowed}")
            return


def corners(schedule: Schedule) -> list[int]:
    """Returns the steps at which a schedule turns: the first and last of each phase, and the one after."""
    steps = {0}
    for phase in schedule.phases:
        steps |= {phase.start_step, max(phase.start_step, phase.end_step - 1), phase.end_step}
    return sorted(steps)

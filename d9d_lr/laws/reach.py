"""Which schedules a law can tell of: those at its own peak, and not much longer than what it was fitted on."""

from __future__ import annotations

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law

SAME_PEAK = 0.05
"""Relative: a law says nothing of another peak."""

_MOST_LONGER = 4.0
_STEPS, _BASE_LR = "train.total_steps", "optimizer.lr"


def beyond(law: Law, rates: FloatArray) -> list[Problem]:
    """Returns why a law cannot tell of a schedule, given by the learning rate of every step; nothing if it can."""
    problems = []
    peak = float(rates.max())
    if abs(peak / law.reference_lr - 1.0) > SAME_PEAK:
        message = f"the peak would be {peak:g}, and the law was fitted at {law.reference_lr:g}"
        problems.append(Problem(_BASE_LR, message, "a law holds at its own peak: fit another on runs at this one"))
    if len(rates) > _MOST_LONGER * law.total_steps:
        message = f"{len(rates)} steps are more than {_MOST_LONGER:g} times the {law.total_steps} of the fitted runs"
        problems.append(Problem(_STEPS, message, "fit on longer runs"))
    return problems

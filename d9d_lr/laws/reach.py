"""Which schedules a law can tell of: those at its own peak, and not much longer than what it was fitted on."""

from __future__ import annotations

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import MOST_LONGER, Law

_STEPS, _BASE_LR = "train.total_steps", "optimizer.lr"


def beyond(law: Law, rates: FloatArray) -> list[Problem]:
    """Returns why a law cannot tell of a schedule, given by the learning rate of every step; nothing if it can."""
    problems = []
    peak = float(rates.max())
    if not law.limits.lowest_peak <= peak <= law.limits.highest_peak:
        message = f"the peak would be {peak:g}, and the law was fitted at {law.reference_lr:g}"
        problems.append(Problem(_BASE_LR, message, "a law holds at its own peak: fit another on runs at this one"))
    if len(rates) > law.limits.most_steps:
        message = f"{len(rates)} steps are more than {MOST_LONGER} times the {law.total_steps} of the fitted runs"
        problems.append(Problem(_STEPS, message, "fit on longer runs"))
    return problems

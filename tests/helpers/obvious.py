"""A second implementation of schedules: slow, obvious, from the definition, on the plain JSON form.

It shares no code with the package: a percentage is exact by `Decimal` here and by `Fraction` there.
"""

import math
from decimal import Decimal, localcontext


def multiplier(schedule, total_steps, step):
    """m(step) of a flat schedule, `{"initial_multiplier": ..., "phases": [...]}`."""
    value = schedule["initial_multiplier"]
    if step < 0:
        return value
    start = 0
    for phase in schedule["phases"]:
        end = end_of(phase, start, total_steps)
        if start <= step < end:
            return interpolate(phase["curve"], value, phase["target_multiplier"], (step - start) / (end - start))
        start, value = end, phase["target_multiplier"]
    return value


def ends(schedule, total_steps):
    """The end step of every phase."""
    found = []
    for phase in schedule["phases"]:
        found.append(end_of(phase, found[-1] if found else 0, total_steps))
    return found


def end_of(phase, start, total_steps):
    if phase["mode"] == "steps":
        return start + phase["steps"]
    if phase["mode"] == "percentage":
        return exact_floor(total_steps, phase["percentage"])
    return total_steps


def exact_floor(total_steps, percentage):
    with localcontext() as context:
        context.prec = 2000
        return math.floor(Decimal(total_steps) * Decimal(str(percentage)))


def interpolate(curve, start, end, progress):
    if curve["type"] == "linear":
        return start + (end - start) * progress
    if curve["type"] == "cosine":
        return end + (start - end) * ((1 + math.cos(math.pi * progress)) / 2)
    if curve["type"] == "poly":
        return start + (end - start) * progress ** curve.get("power", 2.0)
    low, high = math.log(max(start, 1e-8)), math.log(max(end, 1e-8))
    return math.exp(low + (high - low) * progress)

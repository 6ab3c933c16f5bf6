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
        curve, target = phase["curve"], phase["target_multiplier"]
        if start <= step < end:
            return interpolate(curve, value, target, step - start, end - start)
        value = interpolate(curve, value, target, end - start, None) if curve["type"] in OF_STEPS else target
        start = end
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


OF_STEPS = {
    "inverse_sqrt": lambda curve, n: math.sqrt(curve["timescale"] / (curve["timescale"] + n)),
    "power_law": lambda curve, n: (curve["timescale"] / (curve["timescale"] + n)) ** curve["exponent"],
    "half_life": lambda curve, n: 0.5 ** (n / curve["steps"]),
}
"""How much of the way to the target is left after n steps."""

LEFT = {
    "cosine": lambda curve, p: (1 + math.cos(math.pi * p)) / 2,
    "polynomial_decay": lambda curve, p: (1 - p) ** curve["power"],
    "exponential_halving": lambda curve, p: 2 * 0.5**p - 1,
    "k_decay_cosine": lambda curve, p: (1 + math.cos(math.pi * p ** curve["k"])) / 2,
    "cosine_power": lambda curve, p: ((1 + math.cos(math.pi * p)) / 2) ** curve["power"],
}
"""How much of the way to the target is left at progress p."""

DONE = {
    "linear": lambda curve, p: p,
    "poly": lambda curve, p: p ** curve.get("power", 2.0),
    "one_minus_sqrt": lambda curve, p: math.sqrt(p),
}
"""How much of the way to the target is done at progress p."""


def interpolate(curve, start, end, n, length):
    kind = curve["type"]
    if kind in OF_STEPS:
        return end + (start - end) * OF_STEPS[kind](curve, n)
    if kind == "constant":
        return end
    p = n / length
    if kind in LEFT:
        return end + (start - end) * LEFT[kind](curve, p)
    if kind in DONE:
        return start + (end - start) * DONE[kind](curve, p)
    low, high = math.log(max(start, 1e-8)), math.log(max(end, 1e-8))
    return math.exp(low + (high - low) * p)

"""Random schedules from a seed, with the standard library alone: what two packages are compared on."""

import random
from fractions import Fraction
from math import ceil, floor


def random_schedule(seed):
    """Returns `(flat schedule, total_steps)`; every phase fits."""
    draw = random.Random(seed)
    round_number = 10 ** draw.randint(2, 6)
    total_steps = draw.choice([draw.randint(1, 50), draw.randint(1, 5_000), draw.randint(1, 10**9), round_number])
    phases, cursor = [], 0
    count = draw.randint(1, 6)
    for index in range(count):
        phase = {"target_multiplier": _multiplier(draw), "curve": _curve(draw)}
        modes = ["percentage"] * 2 + ["steps"] * (cursor < total_steps) * 2 + ["rest"] * (index == count - 1) * 3
        phase["mode"] = draw.choice(modes)
        if phase["mode"] == "steps":
            phase["steps"] = draw.randint(1, draw.choice([total_steps - cursor, ceil((total_steps - cursor) / 4)]))
            cursor += phase["steps"]
        elif phase["mode"] == "percentage":
            scale = 10 ** draw.randint(0, 4)
            phase["percentage"] = draw.randint(ceil(Fraction(cursor * scale, total_steps)), scale) / scale
            cursor = floor(total_steps * Fraction(str(phase["percentage"])))
        phases.append(phase)
    return {"initial_multiplier": _multiplier(draw), "phases": phases}, total_steps


def steps_to_compare(schedule, total_steps, seed):
    """Every step of a short run; else both ends of the run and of each percentage, and random steps between."""
    draw = random.Random(-seed)
    if total_steps <= 200:
        return range(-2, total_steps + 3)
    ends = [floor(total_steps * phase["percentage"]) for phase in schedule["phases"] if "percentage" in phase]
    near = {end + offset for end in (0, total_steps, *ends) for offset in (-2, -1, 0, 1, 2)}
    return sorted(near | {draw.randrange(total_steps) for _ in range(150)})


def _multiplier(draw):
    return draw.choice(
        [0.0, 1.0, 0.1, 1, draw.random(), draw.random(), draw.uniform(-2, 2), 10 ** draw.uniform(-12, 3)]
    )


def _curve(draw):
    kind = draw.choice(["linear", "cosine", "exponential", "poly"])
    if kind == "poly" and draw.random() < 0.8:
        return {"type": kind, "power": draw.choice([0.5, 1.0, 2.0, 3, draw.uniform(0.01, 10)])}
    return {"type": kind}

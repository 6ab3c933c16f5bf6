"""Reading a schedule: the multipliers of a whole run, and composing without torch."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measuring import Row, command, each_of
from d9d_lr import build_schedule, compose_lr

STEPS = 100_000


def rows() -> Iterator[Row]:
    """Many multipliers at once, and a cold start."""
    schedule = build_schedule(compose_lr(["lr=warmup_hold_cosine"]), STEPS)
    yield Row(
        f"`multipliers` of {STEPS} steps",
        "`multiplier` of each",
        each_of(lambda: schedule.multipliers(range(STEPS)), 1),
        each_of(lambda: [schedule.multiplier(step) for step in range(STEPS)], 1),
        rounds=7,
    )
    many, formula = np.arange(1_000_000), build_schedule(compose_lr(["lr=warmup_cosine"]), 1_000_000)
    yield Row(
        "`multipliers` of 1M steps of a cosine",
        "one numpy formula, which differs in last bits",
        each_of(lambda: formula.multipliers(many), 1),
        each_of(lambda: (1 + np.cos(np.pi * many / 1_000_000)) / 2, 1),
        rounds=7,
    )
    compose = "from d9d_lr import compose_lr; compose_lr()"
    yield Row(
        "`compose_lr()`, cold start",
        "the same with torch",
        lambda: command("-c", compose),
        lambda: command("-c", f"import torch; {compose}"),
        rounds=5,
    )

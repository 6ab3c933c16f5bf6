"""Reading a schedule: the multipliers of a whole run, and composing without torch."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks.measuring import Row, each_of
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
    compose = "from d9d_lr import compose_lr; compose_lr()"
    yield Row(
        "`compose_lr()`, cold start",
        "the same with torch",
        lambda: _seconds(compose),
        lambda: _seconds(f"import torch; {compose}"),
        rounds=5,
    )


def _seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start

"""A row of the table: our work and a peer's, measured in turn, and the median of their ratios.

What else a machine does slows both alike, and a ratio of two measurements that lie next to each other leaves it out.
"""

from __future__ import annotations

import gc
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

ROUNDS = 21


@dataclass(frozen=True)
class Row:
    """Work of ours and a peer's.

    Attributes:
        work: What is done.
        peer: What it is measured against.
        ours: Does it once, and returns the seconds that it took.
        theirs: Does the peer's work, likewise.
        goal: The ratio to stay below; None where there is none.
        within: The seconds to stay below; None where there are none.
        rounds: How often both are measured.
    """

    work: str
    peer: str
    ours: Callable[[], float]
    theirs: Callable[[], float]
    goal: float | None = None
    within: float | None = None
    rounds: int = ROUNDS


@dataclass(frozen=True)
class Measured:
    """What came out: medians of seconds, and of the ratio with its quartiles."""

    row: Row
    ours: float
    theirs: float
    ratio: float
    quartiles: tuple[float, float]

    @property
    def line(self) -> str:
        """The row of the table, in Markdown."""
        goal = "" if self.row.goal is None else f"{self.row.goal:g}"
        goal = goal if self.row.within is None else seconds_text(self.row.within)
        low, high = self.quartiles
        cells = [self.row.work, self.row.peer, seconds_text(self.ours), seconds_text(self.theirs)]
        return f"| {' | '.join([*cells, f'{self.ratio:.2f} ({low:.2f} to {high:.2f})', goal])} |"


HEAD = "| work | against | it takes | the peer | ratio (quartiles) | goal |\n| --- | --- | --- | --- | --- | --- |"


def measure(row: Row) -> Measured:
    """Measures both in turn, after one round that does not count."""
    row.ours(), row.theirs()
    pairs = [(row.ours(), row.theirs()) for _ in range(row.rounds)]
    ratios = [ours / theirs for ours, theirs in pairs]
    low, median, high = statistics.quantiles(ratios, n=4) if len(ratios) > 1 else ratios * 3
    ours, theirs = (statistics.median(each) for each in zip(*pairs, strict=True))
    return Measured(row, ours, theirs, median, (low, high))


def each_of(function: Callable[[], object], times: int) -> Callable[[], float]:
    """Returns what measures a call of a short function: the processor's time for many, with no garbage collected.

    Seconds on the clock would count what other processes did meanwhile.
    """

    def measured() -> float:
        gc.disable()
        start = time.process_time()
        for _ in range(times):
            function()
        took = time.process_time() - start
        gc.enable()
        return took / times

    return measured


def command(*arguments: str, clock: bool = False, env: Mapping[str, str] | None = None) -> float:
    """Runs Python with arguments, in a folder that does not stay; returns its seconds on the processor, or the clock.

    Raises:
        RuntimeError: If it fails; with what it said.
    """
    with tempfile.TemporaryDirectory() as folder:
        before, start = _children(), time.perf_counter()
        done = subprocess.run(
            [sys.executable, *arguments], cwd=folder, env={**os.environ, **(env or {})}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        took = time.perf_counter() - start if clock else _children() - before
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)[:200]}: {(done.stderr or done.stdout)[-2000:]}")
    return took


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds_text(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, size in [("s", 1), ("ms", 1e-3), ("µs", 1e-6)]:
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"

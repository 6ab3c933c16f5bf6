"""Looking at files again and again while a sweep runs, and reporting failures as they happen.

The jobs' own output may not reach this terminal.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from d9d_lr.diagnostics.visible import visible
from d9d_lr.sweeping.attempt import Attempt

_POLL_SECONDS = 1.0


@contextmanager
def reported_failures(attempt: Attempt) -> Iterator[None]:
    """Writes each failure of an attempt to standard error, soon after it happened."""
    reported: set[str] = set()
    try:
        with polled(lambda: _report_new(attempt, reported), "reported_failures"):
            yield
    finally:
        _report_new(attempt, reported)


def report_failure(name: str, error: str) -> None:
    """Writes one failure to standard error."""
    sys.stderr.write(f"{name} failed: {visible(error)}\n")
    sys.stderr.flush()


def _report_new(attempt: Attempt, reported: set[str]) -> None:
    for name, error in attempt.failures().items():
        if name not in reported:
            reported.add(name)
            report_failure(name, error)


@contextmanager
def polled(look: Callable[[], None], name: str) -> Iterator[None]:
    """Calls something about once in a second, in a thread of that name that ends with the block."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_POLL_SECONDS):
            look()

    watcher = threading.Thread(target=watch, name=name, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()

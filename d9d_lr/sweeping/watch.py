"""Reporting failures as they happen, where the jobs' own output does not reach this terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from d9d_lr.diagnostics.visible import visible
from d9d_lr.sweeping.attempt import Attempt
from d9d_lr.sweeping.polling import polled


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

"""What a job does to the process that it may share with other jobs, and how that is taken back."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def working_folder_kept() -> Iterator[None]:
    """Takes back a job's `os.chdir`."""
    before = Path.cwd()
    try:
        yield
    finally:
        with suppress(OSError):  # it may be gone
            os.chdir(before)


@contextmanager
def exit_reported(report: Callable[[str], None]) -> Iterator[None]:
    """Lets `os._exit`, which ends a process at once, do so with a reason left behind and a status that is not 0.

    Processes that the job forks end by it too, and are left alone.

    Args:
        report: What is done with the reason before the process ends.
    """
    process, exit_at_once = os.getpid(), os._exit

    def exit_reporting(status: int) -> None:
        if os.getpid() == process:
            with suppress(Exception):
                report(f"the job ended its process by os._exit({status})")
            status = status or 1
        exit_at_once(status)

    os._exit = exit_reporting  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = exit_at_once

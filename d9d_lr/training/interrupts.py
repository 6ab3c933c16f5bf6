"""Ctrl-C and SIGTERM: finish the step, save, then stop."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interrupts:
    """Whether the process was asked to stop; a second request stops it at once."""

    def __init__(self) -> None:
        self.signal_name: str | None = None

    def _ask(self, number: int, _: FrameType | None) -> None:
        if self.signal_name:
            raise KeyboardInterrupt
        self.signal_name = signal.Signals(number).name


@contextmanager
def watched_interrupts() -> Iterator[Interrupts]:
    """Holds Ctrl-C and SIGTERM back while a run is in the middle of a step.

    Only the main thread can; elsewhere nothing is held back.
    """
    interrupts = Interrupts()
    if threading.current_thread() is not threading.main_thread():
        yield interrupts
        return
    before = {number: signal.signal(number, interrupts._ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield interrupts
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

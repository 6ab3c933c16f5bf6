"""Processes that run for as long as a test needs them."""

import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

END_SECONDS = 20


@contextmanager
def ending(process: subprocess.Popen[bytes], kill: Callable[[], None]) -> Iterator[None]:
    """Ends a process with the block: by SIGTERM, and by `kill` if it does not end by that."""
    try:
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            kill()
            process.wait()

"""Looking at files again and again while a sweep runs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_POLL_SECONDS = 1.0


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

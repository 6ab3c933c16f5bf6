"""How a sweep ends before its time: by Ctrl-C, by SIGTERM, or because another one is at work in its folder."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.commands import command_again, quoted
from d9d_lr.runs.launched import world_size
from d9d_lr.runs.locks import HeldError, held
from d9d_lr.sweeping.tables import say, shown


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keeps a second sweep out of a folder.

    Raises:
        RunError: If there is one already.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder))
        except HeldError as error:
            raise RunError(f"another sweep is running in {shown(folder)}") from error
        yield


@contextmanager
def stopped_in_peace(folder: Path) -> Iterator[None]:
    """Lets SIGTERM leave a summary behind, as Ctrl-C does, and ends what a stopped sweep says with how to go on."""
    try:
        with _terminated_like_ctrl_c():
            yield
    except KeyboardInterrupt:
        command = command_again(sys.argv[1:], f"hydra.sweep.dir={quoted(shown(folder))}", world_size())
        say(f"\ngo on with: {command}")
        raise


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)

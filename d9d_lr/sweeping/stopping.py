"""How a sweep ends otherwise than well: by Ctrl-C, by SIGTERM, by what is wrong, by another one in its folder."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from hydra.errors import HydraException

from d9d_lr.composing.error_screen import say as say_error
from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.runs.commands import command_again, quoted
from d9d_lr.runs.locks import HeldError, held
from d9d_lr.sweeping.saying import say, shown


@contextmanager
def errors_reported(arguments: Sequence[str]) -> Iterator[None]:
    """Says what is wrong in sentences, in an application that would show a traceback.

    Raises:
        SystemExit: With status 2 for a configuration that cannot be used, 1 for a sweep that failed, 130 for Ctrl-C.
    """
    try:
        yield
    except (ConfigError, RunError, HydraException, KeyboardInterrupt) as error:
        if os.environ.get("HYDRA_FULL_ERROR"):
            raise
        match error:
            case KeyboardInterrupt():
                text, status = "interrupted", 130
            case RunError():
                text, status = f"the sweep stopped: {error}", 1
            case ConfigError():
                text, status = str(error), 2
            case _:
                text, status = str(ConfigError(explain_hydra(error, arguments))), 2
        raise SystemExit(say_error(text, status)) from error


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
def stopped_in_peace(folder: Path, program: str) -> Iterator[None]:
    """Lets SIGTERM leave a summary behind, as Ctrl-C does, and ends what a stopped sweep says with how to go on."""
    try:
        with _terminated_like_ctrl_c():
            yield
    except KeyboardInterrupt:
        command = command_again(sys.argv[1:], f"hydra.sweep.dir={quoted(shown(folder))}", program)
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

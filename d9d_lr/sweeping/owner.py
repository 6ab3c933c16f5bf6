"""The process that started a sweep, as its jobs see it: where it is gone, they end."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_POLL_SECONDS = 0.5
_GRACE_SECONDS = 30.0
"""For a training to save, after SIGTERM and before SIGKILL."""


@dataclass(frozen=True)
class Owner:
    """A process.

    Attributes:
        host: The machine that it runs on.
        pid: Its number.
        started: When it started, in the system's ticks, for numbers are used again; empty if that is not known.
    """

    host: str
    pid: int
    started: str

    @classmethod
    def this_process(cls) -> Owner:
        """Returns the process that asks."""
        return cls(socket.gethostname(), os.getpid(), _started(os.getpid()))

    def is_gone(self) -> bool:
        """Whether the process ended; it is not known of one on another machine."""
        if self.host != socket.gethostname():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass
        return _started(self.pid) not in (self.started, "")


@contextmanager
def ending_with(owner: Owner | None) -> Iterator[None]:
    """Makes this process end soon after its owner, in this block and later; a training saves first.

    Args:
        owner: The process that started it; None lets it outlive that.
    """
    if owner is None or owner.pid == os.getpid():
        yield
        return
    _watch(owner)
    try:
        yield
    finally:
        _end_if_gone(owner)  # a worker would take up what still waits in its queue


@dataclass(frozen=True)
class EndWith:
    """Called in a worker as it starts, so that one that never gets a job ends with its owner too.

    Attributes:
        owner: The process that started it.
    """

    owner: Owner

    def __call__(self) -> None:
        """Watches the owner from a thread."""
        _watch(self.owner)

    def __str__(self) -> str:
        return f"end with process {self.owner.pid}"  # joblib's launcher logs its settings


def _watch(owner: Owner) -> None:
    _end_if_gone(owner)
    if not any(thread.name == _thread_name(owner) for thread in threading.enumerate()):
        threading.Thread(target=_end_with, args=(owner,), name=_thread_name(owner), daemon=True).start()


def _end_if_gone(owner: Owner) -> None:
    if owner.is_gone():
        os._exit(1)


def _end_with(owner: Owner) -> None:
    while not owner.is_gone():
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _thread_name(owner: Owner) -> str:
    return f"ends with process {owner.pid}"


def _started(pid: int) -> str:
    """Returns field 22 of /proc/PID/stat, or "ended" for what is left of a process; empty if that cannot be read."""
    try:
        # Field 2 is a name in parentheses, which may hold anything; field 3 is the state.
        state, *fields = Path(f"/proc/{pid}/stat").read_text(errors="replace").rpartition(")")[2].split()
        return "ended" if state in "ZX" else fields[18]
    except (OSError, ValueError, IndexError):
        return ""

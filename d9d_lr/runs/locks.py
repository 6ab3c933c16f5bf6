"""Keeping other processes out of a folder or a file, for as long as this process lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import IO

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.reading import check_regular

_ours: ContextVar[frozenset[tuple[int, int]]] = ContextVar("folders held", default=frozenset())
"""The folders, by device and number, that whoever is running now holds already."""


class HeldError(RunError):
    """Another process holds a folder."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds a folder for this process; the lock goes with the process, however that ends.

    What is held already by the caller, as by the sweep around a job, is held still.

    Raises:
        HeldError: If another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        status = os.fstat(handle)
        this = (status.st_dev, status.st_ino)
        if this in _ours.get():
            yield
            return
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise HeldError(f"another process is training in {folder}") from error
        except OSError:
            pass  # network file systems lock no folder, which can only be opened for reading
        token = _ours.set(_ours.get() | {this})
        try:
            yield
        finally:
            _ours.reset(token)
    finally:
        os.close(handle)


@contextmanager
def in_turn(path: Path) -> Iterator[IO[str]]:
    """Opens a small file for one process at a time, following no link; the others wait.

    Args:
        path: The file; it is made if it is not there.

    Yields:
        The file, at its start, open for reading and writing.

    Raises:
        OSError: If it cannot be opened, or is a link.
        DamagedError: If it is no file.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
    check_regular(path, handle)
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file

"""Writing files so that each is whole or absent, whatever happens to the process."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from d9d_lr.problems import RunError


def write_whole(path: Path, write: Callable[[IO[bytes]], object]) -> None:
    """Writes a file under a temporary name beside it, and renames it once its bytes are on the disk.

    Args:
        path: The file; an existing one is replaced in one move.
        write: Writes the content into an open binary file.

    Raises:
        OSError: If it cannot be written; what was at `path` before is then still there.
    """
    handle, temporary = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_text_whole(path: Path, text: str) -> None:
    """Writes a UTF-8 text file as `write_whole` does."""
    write_whole(path, lambda file: file.write(text.encode()))


def remove_partials(folder: Path) -> None:
    """Removes what processes that were killed in the middle of `write_whole` left behind in a folder."""
    for path in folder.glob(".*.partial"):
        path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Holds a folder for this process; the lock goes with the process, however that ends.

    Raises:
        RunError: If another process holds it.
    """
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(f"another process is training in {folder}") from error
        except OSError:
            pass  # network file systems lock no folder, which can only be opened for reading
        yield
    finally:
        os.close(handle)


@contextmanager
def in_turn(path: Path) -> Iterator[IO[str]]:
    """Opens a small file for one process at a time; the others wait.

    Args:
        path: The file; it is made if it is not there.

    Yields:
        The file, at its start, open for reading and writing.
    """
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file

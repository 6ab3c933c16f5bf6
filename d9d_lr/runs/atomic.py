"""Writing files so that each is whole or absent, whatever happens to the process."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import IO


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
    """Writes a UTF-8 text file as `write_whole` does; what UTF-8 cannot write, lone surrogates, is written out."""
    write_whole(path, lambda file: file.write(text.encode(errors="backslashreplace")))


def set_aside(path: Path) -> Path:
    """Renames a file, or whatever lies in its place, so that nobody reads it, and nothing of it is lost.

    Returns:
        Its new place: `NAME.set-aside`, or `NAME.set-aside-2` and so on where that is taken.
    """
    places = (path.with_name(f"{path.name}.set-aside{f'-{n}' if n > 1 else ''}") for n in itertools.count(1))
    place = next(place for place in places if not os.path.lexists(place))
    path.rename(place)
    return place


def remove_partials(folder: Path) -> None:
    """Removes what processes that were killed in the middle of `write_whole` left behind in a folder."""
    for path in folder.glob(".*.partial"):
        path.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

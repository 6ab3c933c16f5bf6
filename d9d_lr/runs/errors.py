"""`error.txt`: the traceback of what ended a run, which its result reports in one line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from d9d_lr.diagnostics.visible import in_one_line, visible_traceback
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import DamagedError, read_small


def write_error(folder: Path, error: BaseException, rank: int = 0) -> None:
    """Writes an error with its traceback, and those of what caused it, into a run folder, if that can be written.

    Args:
        folder: The run folder.
        error: The error.
        rank: The process that met it, of those that a run has.
    """
    with suppress(OSError):  # a full disk, a folder that is gone: what the error itself says must do
        write_text_whole(RunFolder(folder).error_of(rank), f"{in_one_line(error)}\n\n{visible_traceback(error)}")


def first_lines(folder: Path) -> dict[int, str]:
    """Returns what ended each process of a run that wrote an error, by its rank."""
    found = {}
    for rank, path in RunFolder(folder).errors().items():
        with suppress(OSError, UnicodeDecodeError, DamagedError):
            found[rank] = read_small(path).decode().partition("\n")[0]
    return found

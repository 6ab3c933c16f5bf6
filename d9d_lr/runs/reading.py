"""Reading the files of run and sweep folders: of which format they are, and whatever lies there in their place.

| format | written by |
| --- | --- |
| 1 | 0.1.0; its files do not say which format they have |
| 2 | later versions |

A version of the package reads all formats up to its own, by three rules. A field that is absent from a file has its
default. A field that nobody knows is left alone. A default, once released, never changes: it is what files without
the field mean, and what fingerprints leave out. Where one of the rules must be broken, the format gets a new number.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import IO, Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from d9d_lr.diagnostics.problems import RunError

FORMAT = 2

ModelT = TypeVar("ModelT", bound=BaseModel)


class DamagedError(RunError):
    """A file of a run or sweep folder that cannot be understood; it may be set aside, and what it held is lost."""


LARGEST_BYTES = 16 * 1024**2
"""Of a file that is read at once. A sweep of 10 000 points has a record of 4 MB."""

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is built in


def open_regular(path: Path) -> IO[bytes]:
    """Opens a file for reading, and nothing that is no file: a pipe or a device could keep its reader for ever.

    Raises:
        DamagedError: If it is a folder, a pipe, a socket or a device.
        OSError: If it cannot be opened.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # without it, opening a pipe waits for a writer
    check_regular(path, handle)
    return os.fdopen(handle, "rb")


def check_regular(path: Path, handle: int) -> None:
    """Closes what is open and no file.

    Raises:
        DamagedError: If it is a folder, a pipe, a socket or a device.
    """
    mode = os.fstat(handle).st_mode
    if not stat.S_ISREG(mode):
        os.close(handle)
        raise DamagedError(f"{path} is {_kind(mode)}, not a file")


def read_small(path: Path, largest: int = LARGEST_BYTES) -> bytes:
    """Returns the content of a file.

    Raises:
        DamagedError: If it is no file, or a larger one than such a file ever is.
        OSError: If it cannot be read.
    """
    with open_regular(path) as file:
        content = file.read(largest + 1)
    if len(content) > largest:
        raise DamagedError(f"{path} is too large to be read: it has more than {largest:,} bytes")
    return content


def read_model(path: Path, model: type[ModelT]) -> ModelT | None:
    """Reads a JSON file that says its `format`; None if it is not there.

    Raises:
        DamagedError: If it is there and cannot be understood.
        RunError: If a later version of the package wrote it.
    """
    try:
        found = model.model_validate_json(read_small(path))
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise DamagedError(f"{path} is damaged: {error.errors()[0]['msg']}") from error
    check_format(path, getattr(found, "format", 1))
    return found


def check_format(path: Path, found: int) -> None:
    """Refuses a file of a later format than this version of the package knows.

    Raises:
        RunError: If it is one.
    """
    if found > FORMAT:
        raise RunError(
            f"{path} has format {found}, and this version of d9d_lr reads up to format {FORMAT}; install a newer one"
        )


def read_yaml(path: Path) -> Any:
    """Returns what a YAML file of Hydra's holds, its interpolations as they are written.

    Raises:
        DamagedError: If it cannot be read.
    """
    try:
        content = read_small(path)
        if b"*" in content and any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(content, _Loader)):
            raise DamagedError(f"{path} cannot be read: it holds an alias, which Hydra never writes")
        return yaml.load(content, _Loader)
    except (OSError, yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: no text, no date
        raise DamagedError(f"{path} cannot be read: {' '.join(str(error).split())}") from error


def _kind(mode: int) -> str:
    kinds = {stat.S_IFDIR: "a folder", stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket"}
    return kinds.get(stat.S_IFMT(mode), "a device")

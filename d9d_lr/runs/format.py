"""The version of the format of the files in run and sweep folders, and what a version may change.

| format | written by |
| --- | --- |
| 1 | 0.1.0; its files do not say which format they have |
| 2 | later versions |

A version of the package reads all formats up to its own, by three rules. A field that is absent from a file has its
default. A field that nobody knows is left alone. A default, once released, never changes: it is what files without
the field mean, and what fingerprints leave out. Where one of the rules must be broken, the format gets a new number.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.reading import DamagedError, read_small

FORMAT = 2

ModelT = TypeVar("ModelT", bound=BaseModel)


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

"""What a check of a file has found."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from d9d_lr.diagnostics.problems import Problem


@dataclass(frozen=True)
class Checked:
    """What came of one file.

    Attributes:
        file: The file.
        problems: Everything that is wrong with it.
        note: Why it was not checked; empty if it was.
    """

    file: Path
    problems: tuple[Problem, ...] = ()
    note: str = ""

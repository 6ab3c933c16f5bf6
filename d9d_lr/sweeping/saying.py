"""What a sweep says to the user who started it, line by line."""

from __future__ import annotations

import sys
from pathlib import Path


def say(text: str) -> None:
    """Writes a line."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def shown(path: Path) -> Path:
    """Returns a path as a user would type it here."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

"""Configuration files that Hydra cannot take: its own errors do not say which file it was."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from d9d_lr.diagnostics.problems import ConfigError, Problem

_DEEPEST = 100
"""Levels of nesting in a file; Hydra and OmegaConf go down by recursion."""

_MOST = 200_000
"""Values in a file, where each alias counts as what it stands for; OmegaConf writes them all out."""

_SWOLLEN = f"holds more than {_MOST} values, counting what its aliases stand for"


def unreadable(file: Path) -> Problem | None:
    """Returns what keeps a file from being read as configuration; None if nothing does."""
    try:
        content = yaml.safe_load(file.read_bytes())
    except RecursionError:
        return Problem("", "is nested too deeply")
    except (yaml.YAMLError, ValueError, OSError) as error:
        return Problem("", f"cannot be read: {' '.join(str(error).split())}")
    if content is not None and not isinstance(content, dict):
        kind = type(content).__name__
        return Problem("", f"must hold keys and values, not {'an' if kind == 'int' else 'a'} {kind}")
    if names_itself(file, content):
        return Problem("", "names itself in its defaults list")
    return _badly_nested(content)


def refuse_swollen(folder: Path) -> None:
    """Refuses files whose aliases stand for more than a machine can hold, before Hydra begins to write them out.

    Raises:
        ConfigError: If there is one below the folder.
    """
    for file in sorted(folder.rglob("*.yaml")):
        content = file.read_bytes() if file.is_file() else b""
        problem = unreadable(file) if b"&" in content and b"*" in content else None
        if problem and problem.message == _SWOLLEN:
            raise ConfigError([Problem(str(file), _SWOLLEN)])


def unreadable_below(folder: Path) -> Iterator[Problem]:
    """Yields what is wrong with the files below a folder, each under the file's name."""
    for file in sorted(folder.rglob("*.yaml")):
        problem = unreadable(file)
        if problem:
            yield Problem(str(file), problem.message)


def names_itself(file: Path, content: dict[str, Any] | None) -> bool:
    """Whether the defaults list of a file holds the file, with no end to it."""
    defaults = (content or {}).get("defaults")
    return isinstance(defaults, list) and any(one in (file.stem, f"{file.stem}.yaml") for one in defaults)


def _badly_nested(content: Any) -> Problem | None:
    """Looks for keys that are no text or number, for values that hold themselves, for depth and for size."""
    waiting: list[tuple[Any, int]] = [(content, 0)]
    values = 0
    while waiting:
        node, depth = waiting.pop()
        values += 1
        if depth > _DEEPEST:  # an anchor that holds itself has no end either
            return Problem("", f"is nested more than {_DEEPEST} levels deep")
        if values > _MOST:
            return Problem("", _SWOLLEN)
        if isinstance(node, dict):
            odd = next((key for key in node if not isinstance(key, str | int | float) or isinstance(key, bool)), ...)
            if odd is not ...:
                return Problem("", f"{odd!r} is not a key; keys are text, or whole numbers for positions")
            waiting += [(child, depth + 1) for child in node.values()]
        elif isinstance(node, list):
            waiting += [(child, depth + 1) for child in node]
    return None

"""Configuration files that are not there, or that Hydra cannot take: its own errors do not say which file it was."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml
from hydra.errors import MissingConfigException
from yaml import MarkedYAMLError

from d9d_lr.composing.hydra_english import Said
from d9d_lr.composing.overrides import key_of
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean

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


def missing_file(said: Said, error: MissingConfigException, overrides: Sequence[str]) -> Problem:
    """Returns what is said of a primary config, or of an option of a group, for which there is no file."""
    if said.case == "no_file":
        return Problem("--config-name", said.line)
    group, _, name = (said.key or str(error.missing_cfg_file or "")).rpartition("/")
    options = list(error.options or [])
    typed = next((override for override in overrides if override.endswith(f"={name}")), "") if name else ""
    key = key_of(typed) or group
    if not options:
        return Problem(key, said.line)
    return Problem(key, f"{name!r} is not one of {', '.join(options)}", did_you_mean(name, options))


def bad_yaml(error: MarkedYAMLError) -> Problem:
    """Returns what is said of a file that is not YAML."""
    mark = error.problem_mark
    place = f"{mark.name}, line {mark.line + 1}, column {mark.column + 1}" if mark else "a configuration file"
    reason = " ".join(part for part in (error.context, error.problem) if part)
    hint = "indent with spaces" if "'\\t'" in reason or (mark and _starts_with_tab(mark)) else ""
    return Problem("", f"{place} is not valid YAML: {reason}", hint)


def _starts_with_tab(mark: Any) -> bool:
    """Whether the line that YAML's C reader complains of begins with a tab, which it does not say."""
    try:
        return bool(Path(mark.name).read_text(encoding="utf-8").splitlines()[mark.line].startswith("\t"))
    except (OSError, ValueError, IndexError):
        return False

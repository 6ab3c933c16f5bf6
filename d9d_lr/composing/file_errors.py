"""Configuration files that are not there, or cannot be read, as problems."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.errors import MissingConfigException
from yaml import MarkedYAMLError

from d9d_lr.composing.hydra_english import Said
from d9d_lr.composing.overrides import key_of
from d9d_lr.diagnostics.problems import Problem, did_you_mean


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

"""What the folder of a point says about it: the only memory that a sweep has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from d9d_lr.diagnostics.problems import RunError, leaves
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.reading import DamagedError, read_yaml
from d9d_lr.runs.results import RunResult, read_result

_ABSENT = object()

State = Literal["new", "unfinished", "completed", "failed", "interrupted", "pruned", "other"]

FingerprintOf = Callable[[Mapping[str, Any]], str | None]
"""Returns what a configuration computes, as a hash, from what Hydra stored of it; None if it cannot be used.

It is the application's own, since it validates its configuration; `runs` only reads it from the folder.
"""


@dataclass(frozen=True)
class FolderState:
    """What a folder holds, compared with what a point computes.

    Attributes:
        state: "new" (nothing), "unfinished" (begun, no result), how the run ended, or "other" (another run's folder).
        result: How the run ended; None if it did not.
        reason: For "other", what differs.
        damage: What is wrong with its result, which is then as good as none; empty if nothing is.
    """

    state: State
    result: RunResult | None = None
    reason: str = ""
    damage: str = ""


def read_state(
    folder: Path, expected: str, fingerprint_of: FingerprintOf, config: Mapping[str, Any] | None = None
) -> FolderState:
    """Returns what a folder holds.

    Args:
        folder: The point's folder; it need not exist.
        expected: The fingerprint of the point.
        fingerprint_of: The fingerprint of a stored configuration, for a run that left no result, or one whose
            fingerprint was made by other rules.
        config: The point's own configuration, its interpolations as they are written, to say what differs.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return FolderState("new")
    result, damage = None, ""
    try:
        result = read_result(folder)
    except DamagedError as error:
        damage = str(error)
    except RunError as error:
        return FolderState("other", reason=str(error))
    held = _fingerprint(folder, result, expected, fingerprint_of)
    if held == expected:
        return FolderState(result.status if result else "unfinished", result, damage=damage)
    if held:
        return FolderState("other", reason=_difference(folder, config))
    if result or RunFolder(folder).metrics.exists():
        return FolderState("other", reason="holds a run whose configuration cannot be read")
    return FolderState("unfinished", damage=damage)


def stored_config(folder: Path) -> dict[str, Any] | None:
    """Returns the configuration that Hydra left in a run folder, or None if it is not there or cut short."""
    return _load(RunFolder(folder).composed)


def _load(path: Path) -> dict[str, Any] | None:
    try:
        found = read_yaml(path)
    except RunError:
        return None
    return found if isinstance(found, dict) else None


def _fingerprint(folder: Path, result: RunResult | None, expected: str, fingerprint_of: FingerprintOf) -> str | None:
    """Returns what a folder's run computes, by the rules of the expected fingerprint."""
    for written in (result.fingerprint if result else None, _fingerprint_checked(folder)):
        if written and _rules(written) == _rules(expected):
            return written
    config = stored_config(folder)
    return None if config is None else fingerprint_of(config)


def _fingerprint_checked(folder: Path) -> str | None:
    """Returns what a sweep found before it started the job, which is part of the job's own configuration."""
    found = _at(_load(RunFolder(folder).hydra), ("hydra", "env", "point", "fingerprint"))
    return None if found in (None, _ABSENT) else str(found)


def _rules(fingerprint: str) -> str:
    """Returns the number of the rules that a fingerprint was made by; 0.1.0 and other applications write none."""
    found = re.fullmatch(r"(\d+)-[0-9a-f]{16}", fingerprint)
    return found[1] if found else ""


def _difference(folder: Path, config: Mapping[str, Any] | None) -> str:
    """Names the keys that differ between a folder's configuration and a point's."""
    there = stored_config(folder)
    if there is None or config is None:
        return "holds another configuration"
    old, new = dict(leaves({section: there.get(section) for section in config})), dict(leaves(config))
    # What both have comes first: a later version composes keys that an older one did not have.
    keys = sorted({*old, *new}, key=lambda key: (key not in old or key not in new, key))
    differing = [key for key in keys if old.get(key) != new.get(key)]
    differences = "; ".join(f"{key} is {old.get(key)!r} there, {new.get(key)!r} here" for key in differing[:3])
    more = f"; and {len(differing) - 3} more" if len(differing) > 3 else ""
    return f"holds another configuration: {differences}{more}" if differences else "holds another configuration"


def stored_choices(folder: Path) -> dict[str, Any]:
    """Returns the option of each config group that Hydra left in a run folder; nothing where it left none."""
    found = _at(_load(RunFolder(folder).hydra), ("hydra", "runtime", "choices"))
    return found if isinstance(found, dict) else {}


def stored_values(folder: Path, keys: Sequence[str]) -> dict[str, str]:
    """Returns the values that keys have in a run folder, as they would be typed; what is not there is left out.

    Args:
        folder: The run folder.
        keys: Keys of the configuration, and config groups.
    """
    choices, config = stored_choices(folder), stored_config(folder)
    found = {key: choices.get(key, _at(config, key.split("."))) for key in keys}
    return {key: _typed(value) for key, value in found.items() if value is not _ABSENT}


def _at(node: Any, path: Sequence[str]) -> Any:
    for key in path:
        node = node.get(key, _ABSENT) if isinstance(node, dict) else _ABSENT
    return node


def _typed(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

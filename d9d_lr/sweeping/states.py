"""What the folder of a point says about it: the only memory that a sweep has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from d9d_lr.diagnostics.problems import RunError, join_key
from d9d_lr.runs.results import METRICS_FILE, RunResult, read_result

State = Literal["new", "unfinished", "completed", "failed", "interrupted", "other"]

FingerprintOf = Callable[[DictConfig], str | None]
"""Returns what a stored configuration computes; None if it cannot be used, or if nobody knows."""


@dataclass(frozen=True)
class FolderState:
    """What a folder holds, compared with what a point computes.

    Attributes:
        state: "new" (nothing), "unfinished" (begun, no result), how the run ended, or "other" (another run's folder).
        result: How the run ended; None if it did not.
        reason: For "other", what differs.
    """

    state: State
    result: RunResult | None = None
    reason: str = ""


def read_state(
    folder: Path, expected: str, fingerprint_of: FingerprintOf, config: DictConfig | None = None
) -> FolderState:
    """Returns what a folder holds.

    Args:
        folder: The point's folder; it need not exist.
        expected: The fingerprint of the point.
        fingerprint_of: The fingerprint of a stored configuration, where none is stored beside it.
        config: The point's composed configuration, to say what differs.
    """
    if not folder.is_dir() or not any(folder.iterdir()):
        return FolderState("new")
    try:
        result = read_result(folder)
    except RunError as error:
        return FolderState("other", reason=str(error))
    held = result.fingerprint if result else _stored_fingerprint(folder, fingerprint_of)
    if held == expected:
        return FolderState(result.status if result else "unfinished", result)
    if held:
        return FolderState("other", reason=_difference(folder, config))
    if (folder / METRICS_FILE).exists():
        return FolderState("other", reason="holds a run whose configuration cannot be read")
    return FolderState("unfinished")


def stored_config(folder: Path, name: str = "config.yaml") -> DictConfig | None:
    """Returns the configuration that Hydra left in a run folder, or None if it is not there or cut short."""
    try:
        return cast(DictConfig, OmegaConf.load(folder / ".hydra" / name))
    except (OSError, YAMLError, OmegaConfBaseException):
        return None


def _stored_fingerprint(folder: Path, fingerprint_of: FingerprintOf) -> str | None:
    hydra = stored_config(folder, "hydra.yaml")
    checked = OmegaConf.select(hydra, "hydra.sweeper.point.fingerprint") if isinstance(hydra, DictConfig) else None
    if checked is not None:
        return str(checked)
    config = stored_config(folder)
    return fingerprint_of(config) if isinstance(config, DictConfig) else None


def _difference(folder: Path, config: DictConfig | None) -> str:
    """Names the keys that differ between a folder's configuration and a point's."""
    there = stored_config(folder)
    if there is None or config is None:
        return "holds another configuration"
    old, new = _flat(OmegaConf.masked_copy(there, [str(key) for key in there if key in config])), _flat(config)
    differing = [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    told = "; ".join(f"{key} is {old.get(key)!r} there, {new.get(key)!r} here" for key in differing[:3])
    more = f"; and {len(differing) - 3} more" if len(differing) > 3 else ""
    return f"holds another configuration: {told}{more}" if told else "holds another configuration"


def _flat(node: Any, prefix: str = "") -> dict[str, Any]:
    plain = OmegaConf.to_container(node) if OmegaConf.is_config(node) else node
    if not isinstance(plain, dict):
        return {prefix: plain}
    return {
        key: value for name, child in plain.items() for key, value in _flat(child, join_key(prefix, str(name))).items()
    }

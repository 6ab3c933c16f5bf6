"""How far the points of a sweep are: what their folders hold from starts before this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from omegaconf import OmegaConf

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.runs.states import FingerprintOf, FolderState, read_state
from d9d_lr.sweeping.checker import Checker, load_checker
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.settings import SweepConfig
from d9d_lr.sweeping.sweep import Sweep
from d9d_lr.sweeping.tables import shown


def states_of(sweep: Sweep, points: Sequence[CheckedPoint]) -> dict[str, FolderState]:
    """Returns what is there of each point already, by its folder."""
    fingerprint_of = _fingerprint_of(load_checker(sweep.config.hydra.sweeper.check))
    return {point.folder: _state(sweep, point, fingerprint_of) for point in points}


def refuse_others(folder: Path, states: Mapping[str, FolderState]) -> None:
    """Raises ConfigError if a folder holds another run."""
    others = [
        Problem(str(shown(folder / name)), state.reason) for name, state in states.items() if state.state == "other"
    ]
    if others:
        hint = "give the sweep a folder of its own, as in hydra.sweep.dir=DIR, or remove these"
        *most, last = others
        raise ConfigError([*most, Problem(last.key, last.message, hint)])


def is_done(state: FolderState, settings: SweepConfig) -> bool:
    """Whether a point is left as it is; one that was pruned is taken up again where nothing is pruned any more."""
    return state.state == "completed" or (state.state == "pruned" and settings.prune is not None)


def _state(sweep: Sweep, point: CheckedPoint, fingerprint_of: FingerprintOf) -> FolderState:
    folder = sweep.folder / point.folder
    state = read_state(folder, point.fingerprint, fingerprint_of)
    if state.state != "other":
        return state
    steering = ("hydra", sweep.config.hydra.sweeper.section)
    config = cast(dict[str, Any], OmegaConf.to_container(sweep.compose(point.overrides)))
    compared = {name: section for name, section in config.items() if name not in steering}
    return read_state(folder, point.fingerprint, fingerprint_of, compared)


def _fingerprint_of(check: Checker) -> FingerprintOf:
    """Returns what validates a stored configuration again, for folders that do not hold what was checked before."""

    def fingerprint_of(stored: Mapping[str, Any]) -> str | None:
        try:
            return check(OmegaConf.create(dict(stored))).fingerprint
        except ConfigError:
            return None

    return fingerprint_of

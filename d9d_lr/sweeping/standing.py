"""How far the points of a sweep are: what their folders hold from starts before this one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hydra.core.utils import JobReturn
from omegaconf import OmegaConf

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.runs.atomic import set_aside
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.states import FolderState, read_state
from d9d_lr.sweeping.checker import stored_preview
from d9d_lr.sweeping.launchers import stored_job
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.saying import say, shown
from d9d_lr.sweeping.sweep import Sweep


@dataclass(frozen=True)
class Standing:
    """How far the points of a sweep are.

    Attributes:
        points: The points of this start.
        states: What is there of each already, by its folder.
        taken_up: Whether points that were pruned go on, as nothing is pruned any more.
    """

    points: Sequence[CheckedPoint]
    states: Mapping[str, FolderState]
    taken_up: bool

    @classmethod
    def of(cls, sweep: Sweep, points: Sequence[CheckedPoint]) -> Standing:
        """Looks into the folders of points."""
        return cls(points, {point.folder: _state(sweep, point) for point in points}, sweep.settings.prune is None)

    @property
    def left(self) -> list[CheckedPoint]:
        """The points that are to run."""
        return [point for point in self.points if not self._is_done(point.folder)]

    @property
    def completed(self) -> list[CheckedPoint]:
        """The points that completed before."""
        return [point for point in self.points if self.states[point.folder].state == "completed"]

    def returned(self) -> dict[str, JobReturn]:
        """Returns what came of the points that are left as they are, by their folders."""
        results = {folder: state.result for folder, state in self.states.items() if self._is_done(folder)}
        return {folder: stored_job(result) for folder, result in results.items() if result}

    def refuse_others(self, sweep_folder: Path) -> None:
        """Raises ConfigError if a folder holds another run."""
        others = [
            Problem(str(shown(sweep_folder / name)), state.reason)
            for name, state in self.states.items()
            if state.state == "other"
        ]
        if others:
            hint = "give the sweep a folder of its own, as in hydra.sweep.dir=DIR, or remove these"
            *most, last = others
            raise ConfigError([*most, Problem(last.key, last.message, hint)])

    def set_damage_aside(self, sweep_folder: Path) -> None:
        """Renames results that cannot be read, and says so."""
        for name, state in self.states.items():
            if state.damage:
                say(f"{state.damage}; it is kept as {set_aside(RunFolder(sweep_folder / name).result).name}")

    def _is_done(self, folder: str) -> bool:
        state = self.states[folder].state
        return state == "completed" or (state == "pruned" and not self.taken_up)


def _state(sweep: Sweep, point: CheckedPoint) -> FolderState:
    folder = sweep.folder / point.folder
    state = read_state(folder, point.fingerprint, lambda stored: _fingerprint(sweep, stored))
    if state.state != "other":
        return state
    steering = ("hydra", sweep.config.hydra.sweeper.section)
    config = cast(dict[str, Any], OmegaConf.to_container(sweep.compose(point.overrides)))
    compared = {name: section for name, section in config.items() if name not in steering}
    return read_state(folder, point.fingerprint, lambda stored: _fingerprint(sweep, stored), compared)


def _fingerprint(sweep: Sweep, stored: Mapping[str, Any]) -> str | None:
    """Validates a stored configuration again, of a folder that does not hold what was checked before."""
    preview = stored_preview(sweep.check, stored)
    return preview.fingerprint if preview else None

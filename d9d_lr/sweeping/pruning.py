"""Stopping early what is clearly behind: asynchronous successive halving (arXiv:1810.05934), its stopping variant.

At a rung, a step that several points come to, a point goes on if it is among the best `1 / factor` of those that came
there before it, itself included. Nobody waits: who comes first goes on. Only points that can be compared there are; the
application says which, for a loss in the middle of a decay says nothing about one at the height of the learning rate.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.results import OBJECTIVE
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.settings import PruneConfig

Rungs = Mapping[str, Mapping[str, Sequence[str]]]
"""For each rung, as text, the folders of the points that can be compared there, by what they have in common."""


def rungs_of(points: Sequence[CheckedPoint], prune: PruneConfig) -> Rungs:
    """Returns the rungs of a sweep; a point that cannot be compared at one is not there."""
    rungs: dict[str, dict[str, list[str]]] = {}
    step, longest = prune.first_step, max(point.steps for point in points)
    while step < longest:
        for point in points:
            if point.preview.judged and (group := point.preview.judged(step)):
                rungs.setdefault(str(step), {}).setdefault(group, []).append(point.folder)
        step *= prune.factor
    return rungs


def checked_rungs(points: Sequence[CheckedPoint], prune: PruneConfig, section: str) -> Rungs:
    """Returns the rungs of a sweep.

    Raises:
        ConfigError: If there are none.
    """
    rungs = rungs_of(points, prune)
    if not rungs:
        message = f"{prune.first_step} is no step, and leads to none, at which points can be compared"
        hint = "name one at which they are evaluated, after their warmups and before their ends"
        raise ConfigError([Problem(f"{section}.prune.first_step", message, hint)])
    return rungs


def write_rungs(path: Path, rungs: Rungs, factor: int) -> Path:
    """Writes the rungs for the jobs to read; returns the file."""
    write_text_whole(path, json.dumps({"factor": factor, "rungs": rungs}))
    return path


@dataclass(frozen=True)
class Judge:
    """Says whether a point goes on.

    Attributes:
        factor: At a rung, the best of this many go on.
        peers: The run folders of what the point is compared with, by rung.
    """

    factor: int
    peers: Mapping[int, Sequence[Path]]

    @classmethod
    def of(cls, path: Path | None, folder: Path) -> Judge | None:
        """Returns who judges a point; None if nobody does, or the sweep is over."""
        if path is None or not path.exists():
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        peers = {
            int(step): [folder.parent / name for name in group if name != folder.name]
            for step, groups in content["rungs"].items()
            for group in groups.values()
            if folder.name in group
        }
        return cls(content["factor"], peers)

    def verdict(self, step: int, value: float) -> str | None:
        """Returns why a point is stopped at a step; None if it goes on."""
        others = [other for folder in self.peers.get(step, ()) if (other := _value_at(folder, step)) is not None]
        ahead, reached = sum(other < value for other in others), len(others) + 1
        if reached < self.factor or ahead < reached // self.factor:
            return None
        best = min(others)
        compared = f"{ahead} of the {len(others)} runs to compare it with are ahead"
        return f"stopped at step {step}: {compared}, it has {OBJECTIVE} {value:.4g}, the best {best:.4g}"


def _value_at(folder: Path, step: int) -> float | None:
    with suppress(OSError, RunError):
        return next((row[OBJECTIVE] for row in read_metrics(folder) if row["step"] == step and OBJECTIVE in row), None)
    return None

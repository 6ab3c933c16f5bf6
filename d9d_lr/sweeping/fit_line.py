"""What to type to fit a law on a finished sweep, where its runs suffice for one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.laws.fixed_rules import cosine_to_zero, wsd_20
from d9d_lr.laws.folder_runs import read_folder_run, saved_schedule
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.requirements import check_runs, decays, holds
from d9d_lr.runs.results import read_result
from d9d_lr.sweeping.saying import shown
from d9d_lr.sweeping.summary import Summary, SummaryRow

_OF_SCHEDULE = re.compile(r"[+~]*lr\b")
_MOST_READ = 24  # runs whose losses are read to see whether all of a sweep can be fitted at once


def fit_line(sweep_folder: Path, summary: Summary) -> str:
    """Returns the command that fits a law on a sweep; empty if it has no two runs that suffice.

    It names the sweep if a law can be fitted on all that completed, and else the two runs that suit best among those
    that differ in their schedule alone.
    """
    groups = list(_groups(summary.rows))
    for group in groups:
        pair = _pair(sweep_folder, group)
        if pair and _suffice(sweep_folder, pair):
            alone = len(groups) == 1 and len(group) <= _MOST_READ
            whole = alone and _suffice(sweep_folder, [row.point.folder for row in group])
            typed = shown(sweep_folder)
            runs = [typed] if whole else [typed / name for name in pair]
            words = ["python", "-m", "d9d_lr.predict", "fit", *map(str, runs), "-o", str(typed / "law.json")]
            return shlex.join(words)
    return ""


def _groups(rows: Sequence[SummaryRow]) -> Iterator[list[SummaryRow]]:
    """Yields the completed runs that differ in their schedule alone, seeds told apart, the largest group first."""
    found: dict[tuple[object, ...], list[SummaryRow]] = {}
    for row in rows:
        if row.rank is not None and row.of_training and row.total_steps:
            others = sorted(item for item in row.point.changed.items() if not _OF_SCHEDULE.match(item[0]))
            found.setdefault((row.total_steps, *others), []).append(row)
    yield from sorted(found.values(), key=len, reverse=True)


@dataclass(frozen=True)
class _Shape:
    folder: str
    multipliers: FloatArray

    def unlike(self, rule: Callable[[int, int], FloatArray]) -> float:
        """How far it is from a fixed rule with its own warmup."""
        warmup_steps = int(np.argmax(self.multipliers))
        return float(np.abs(self.multipliers - rule(len(self.multipliers), warmup_steps)).mean())


def _pair(sweep_folder: Path, rows: Sequence[SummaryRow]) -> list[str]:
    """Returns a run that holds its peak and one that decays, those most like WSD 20 % and a cosine; or nothing."""
    shapes = list(_shapes(sweep_folder, rows))
    holding = [shape for shape in shapes if holds(shape.multipliers)]
    decaying = [shape for shape in shapes if decays(shape.multipliers)]
    if not holding or not decaying:
        return []
    held = min(holding, key=lambda shape: shape.unlike(wsd_20))
    decayed = min(decaying, key=lambda shape: shape.unlike(cosine_to_zero))
    return [held.folder, decayed.folder] if held is not decayed else []


def _shapes(sweep_folder: Path, rows: Sequence[SummaryRow]) -> Iterator[_Shape]:
    for row in rows:
        folder = sweep_folder / row.point.folder
        result = read_result(folder)
        schedule = saved_schedule(folder, result.total_steps) if result else None
        if result is not None and schedule is not None:
            multipliers = schedule.multipliers(np.arange(result.last_step))
            if multipliers.max() > 0:
                yield _Shape(row.point.folder, multipliers / multipliers.max())


def _suffice(sweep_folder: Path, folders: Sequence[str]) -> bool:
    try:
        check_runs([read_folder_run(sweep_folder / folder, folder) for folder in folders])
    except (ConfigError, RunError, OSError, ValueError, KeyError):  # damaged, of another peak, too noisy, too short
        return False
    return True

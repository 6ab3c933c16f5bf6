"""Reading the runs below a folder, whatever state they are in. A damaged file spoils its own run only.

A sweep's record, where there is one, lists the points that never began too.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.diagnostics.visible import visible
from d9d_lr.laws.folder_runs import saved_schedule
from d9d_lr.reporting.run_curves import RunCurves, curve, curves_of, with_phase_ends
from d9d_lr.runs.folders import RunFolder, SweepFolder, run_folders_below
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.reading import read_small
from d9d_lr.runs.record import (
    RecordedPoint,
    RecordedPrediction,
    read_record,
    split_overrides,
    stored_command,
    stored_overrides,
)
from d9d_lr.runs.results import OBJECTIVE, STATUSES, read_result


@dataclass(frozen=True)
class RunView:
    """What one run folder holds.

    Attributes:
        folder: The folder.
        name: Its path below the reported folder.
        status: One of `STATUSES`; "unfinished" began and left no result.
        changed: The overrides as keys and values.
        command: What runs it again.
        objective: The final validation loss; None if there is none, or it is no number.
        best: The lowest validation loss on the way, under the same rule.
        final: The metrics of its last evaluation.
        steps: Optimizer steps done.
        total_steps: Optimizer steps that its schedule lies over; None if unknown.
        last_step: Optimizer steps asked for, which may be fewer; None if unknown.
        seconds: Time spent training; None if unknown.
        error: Why it failed, or what is damaged; empty otherwise.
        curves: Its schedule and losses.
        predicted: A prediction of its objective from before it ran; None if none was asked.
    """

    folder: Path
    name: str
    status: str
    changed: Mapping[str, str]
    command: str
    objective: float | None = None
    best: float | None = None
    final: Mapping[str, float] = field(default_factory=dict)
    steps: int = 0
    total_steps: int | None = None
    last_step: int | None = None
    seconds: float | None = None
    error: str = ""
    curves: RunCurves = field(default_factory=RunCurves)
    predicted: RecordedPrediction | None = None


def read_runs(folders: Sequence[Path], points_per_curve: int | None = None) -> list[RunView]:
    """Reads every run below some folders, the best first, then those without an objective.

    Args:
        folders: Sweep folders, folders of sweeps, or run folders.
        points_per_curve: How many points of a curve to keep; by default fewer, the more runs there are.

    Raises:
        ConfigError: With each folder that does not exist or holds no run.
    """
    found = {folder: list(run_folders_below(folder)) for folder in folders}
    problems = [
        _no_runs(folder) for folder, runs in found.items() if not runs and not SweepFolder(folder).record.exists()
    ]
    if problems:
        raise ConfigError(problems)
    keep = points_per_curve or points_for(sum(map(len, found.values())))
    views = [view for folder, runs in found.items() for view in _read_below(folder, runs, len(folders) > 1, keep)]
    return sorted(views, key=lambda view: (view.objective is None, view.objective or 0.0, STATUSES.index(view.status)))


def points_for(count: int) -> int:
    """Returns how many points of each curve to keep, so that a page of many runs stays a few megabytes."""
    return max(60, min(1000, 60_000 // max(1, count)))


def _no_runs(folder: Path) -> Problem:
    if not folder.is_dir():
        return Problem("", f"there is no folder {str(folder)!r}")
    files = RunFolder(folder)
    missing = f"no {files.result.name}, {files.metrics.name} or {files.overrides.parent.name} below it"
    return Problem("", f"{str(folder)!r} holds no run: {missing}")


def _read_below(folder: Path, runs: Sequence[Path], several: bool, keep: int) -> Iterator[RunView]:
    plan, damage = _plan_below(folder, runs)
    started = [_read_run(run, _name(run, folder, several), plan.get(run.resolve()), keep) for run in runs]
    yield from started
    ran = {run.resolve(): view for run, view in zip(runs, started, strict=True)}
    pending = {path: point for path, point in plan.items() if path not in ran}
    constant = {
        sweep: _constant(
            [view.changed for path, view in ran.items() if path.parent == sweep],
            [point.changed for path, point in plan.items() if path.parent == sweep],
        )
        for sweep in {path.parent for path in pending}
    }
    for path, point in pending.items():
        changed = constant[path.parent] | _shown(point.changed)
        name = visible(_name(path, folder.resolve(), several))
        yield RunView(path, name, "not started", changed, point.command)
    if damage:
        record = SweepFolder(folder).record
        yield RunView(record, record.name, "failed", {}, "", error=damage)


def _name(run: Path, folder: Path, several: bool) -> str:
    relative = run.relative_to(folder).as_posix() if run.is_relative_to(folder) else run.name
    if relative == ".":
        return run.name
    return f"{folder.name}/{relative}" if several else relative


def _constant(typed: Sequence[Mapping[str, str]], swept: Sequence[Mapping[str, str]]) -> dict[str, str]:
    """Returns what was typed for every run of a sweep that has begun and is not swept: its record does not hold it."""
    keys = {visible(key) for changed in swept for key in changed}
    first = typed[0] if typed else {}
    return {
        key: value
        for key, value in first.items()
        if key not in keys and all(changed.get(key) == value for changed in typed)
    }


def _plan_below(folder: Path, runs: Sequence[Path]) -> tuple[dict[Path, RecordedPoint], str]:
    """Reads the sweep's record in the folder itself and in each folder that holds a run."""
    plan: dict[Path, RecordedPoint] = {}
    damage = ""
    for place in dict.fromkeys([folder, *(run.parent for run in runs)]):
        try:
            plan.update({(place / point.folder).resolve(): point for point in read_record(place).points})
        except (RunError, OSError, ValueError) as error:
            damage = visible(str(error))
    return plan, damage


def _read_run(folder: Path, name: str, planned: RecordedPoint | None, keep: int) -> RunView:
    try:
        return _read_whole(folder, name, planned, keep)
    except (RunError, OSError, ValueError, KeyError, TypeError) as error:
        changed = _shown(planned.changed) if planned else {}
        reason = visible(f"cannot be read: {' '.join(str(error).split()) or type(error).__name__}")
        return RunView(folder, name, "failed", changed, planned.command if planned else "", error=reason)


def _read_whole(folder: Path, name: str, planned: RecordedPoint | None, keep: int) -> RunView:
    result = read_result(folder)
    overrides = result.overrides if result and result.overrides else stored_overrides(folder)
    rows = list(read_metrics(folder))
    validated = [row for row in rows if number(row.get(OBJECTIVE)) is not None]
    total_steps = result.total_steps if result else None
    lr = with_phase_ends(curve(rows, "lr"), saved_schedule(folder, total_steps))
    return RunView(
        folder=folder,
        name=name,
        status=result.status if result else "unfinished",
        changed=_shown(split_overrides(overrides)),
        command=planned.command if planned and planned.command else stored_command(folder, overrides),
        objective=number(result.objective) if result and result.status == "completed" else None,
        best=min((row[OBJECTIVE] for row in validated), default=None),
        final=_metrics(result.final) if result else {},
        steps=result.steps if result else int(rows[-1]["step"]) if rows else 0,
        total_steps=total_steps,
        last_step=result.last_step if result else None,
        seconds=result.seconds if result else None,
        error=visible(result.error or "") if result else "",
        curves=curves_of(rows, lr, keep),
        predicted=planned.predicted if planned else None,
    )


def _shown(changed: Mapping[str, str]) -> dict[str, str]:
    return {visible(key): visible(value) for key, value in changed.items()}


def _metrics(final: Mapping[str, float]) -> dict[str, float]:
    found = {name: number(value) for name, value in final.items() if name != "step"}
    return {name: value for name, value in found.items() if value is not None}


def number(value: object) -> float | None:
    """Returns a value that can be compared and drawn; None for what is missing, NaN or infinite."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def schedule_text(run: RunView) -> str:
    """Returns the schedule that the run saved; empty if there is none."""
    try:
        return json.dumps(json.loads(read_small(RunFolder(run.folder).schedule)), indent=2)
    except (OSError, ValueError, RunError, RecursionError):
        return ""

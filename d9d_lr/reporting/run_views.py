"""Reading the runs below a folder, whatever state they are in. A damaged file spoils its own run only.

A run folder is one that holds `result.json`, `metrics.jsonl` or `.hydra/overrides.yaml`. A sweep's `sweep.json`, where
there is one, tells of points that never began.
"""

from __future__ import annotations

import json
import math
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.reporting.logged_lr import saved_schedule, with_phase_ends
from d9d_lr.reporting.run_curves import RunCurves, curve, curves_of
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.results import METRICS_FILE, OBJECTIVE, RESULT_FILE, RunResult, read_result

STATUSES = ("completed", "failed", "interrupted", "unfinished", "not started")
SWEEP_FILE = "sweep.json"

_HYDRA = ".hydra"
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, where libyaml is built in


@dataclass(frozen=True)
class RunView:
    """What one run folder tells.

    Attributes:
        folder: The folder.
        name: Its path below the reported folder.
        status: One of `STATUSES`; "unfinished" began and left no result.
        changed: The overrides as keys and values.
        command: What runs it again.
        objective: The final validation loss; None if there is none, or it is no number.
        best: The lowest validation loss on the way, under the same rule.
        steps: Optimizer steps done.
        total_steps: Optimizer steps asked for; None if unknown.
        seconds: Time spent training; None if unknown.
        error: Why it failed, or what is damaged; empty otherwise.
        curves: Its schedule and losses.
    """

    folder: Path
    name: str
    status: str
    changed: Mapping[str, str]
    command: str
    objective: float | None = None
    best: float | None = None
    steps: int = 0
    total_steps: int | None = None
    seconds: float | None = None
    error: str = ""
    curves: RunCurves = field(default_factory=RunCurves)


class _PlannedPoint(BaseModel):
    folder: str
    changed: dict[str, str] = {}
    command: str = ""


class _Plan(BaseModel):
    points: list[_PlannedPoint] = []


def read_runs(folders: Sequence[Path], points_per_curve: int | None = None) -> list[RunView]:
    """Reads every run below some folders, the best first, then those without an objective.

    Args:
        folders: Sweep folders, folders of sweeps, or run folders.
        points_per_curve: How many points of a curve to keep; by default fewer, the more runs there are.

    Raises:
        ConfigError: With each folder that does not exist or holds no run.
    """
    found = {folder: list(_run_folders(folder)) for folder in folders}
    problems = [_no_runs(folder) for folder, runs in found.items() if not runs and not (folder / SWEEP_FILE).exists()]
    if problems:
        raise ConfigError(problems)
    keep = points_per_curve or points_for(sum(map(len, found.values())))
    views = [view for folder, runs in found.items() for view in _read_below(folder, runs, len(folders) > 1, keep)]
    return sorted(views, key=lambda view: (view.objective is None, view.objective or 0.0, STATUSES.index(view.status)))


def points_for(count: int) -> int:
    """Returns how many points of each curve to keep, so that a page of many runs stays a few megabytes."""
    return max(60, min(1000, 60_000 // max(1, count)))


def _run_folders(folder: Path) -> Iterator[Path]:
    for here, below, files in os.walk(folder):
        if RESULT_FILE in files or METRICS_FILE in files or (Path(here) / _HYDRA / "overrides.yaml").exists():
            yield Path(here)
            below.clear()
        else:
            below[:] = sorted(name for name in below if not name.startswith("."))


def _no_runs(folder: Path) -> Problem:
    if not folder.is_dir():
        return Problem("", f"there is no folder {str(folder)!r}")
    return Problem("", f"{str(folder)!r} holds no run: no {RESULT_FILE}, {METRICS_FILE} or {_HYDRA} below it")


def _read_below(folder: Path, runs: Sequence[Path], several: bool, keep: int) -> Iterator[RunView]:
    plan, damage = _plan_below(folder, runs)
    for run in runs:
        planned = plan.pop(run.resolve(), None)
        relative = run.relative_to(folder).as_posix()
        name = f"{folder.name}/{relative}" if several and relative != "." else relative if relative != "." else run.name
        yield _read_run(run, name, planned, keep)
    for path, point in plan.items():
        yield RunView(path, point.folder, "not started", point.changed, point.command)
    if damage:
        yield RunView(folder / SWEEP_FILE, SWEEP_FILE, "failed", {}, "", error=damage)


def _plan_below(folder: Path, runs: Sequence[Path]) -> tuple[dict[Path, _PlannedPoint], str]:
    """Reads the `sweep.json` of the folder itself and of each folder that holds a run."""
    plan: dict[Path, _PlannedPoint] = {}
    damage = ""
    for place in dict.fromkeys([folder, *(run.parent for run in runs)]):
        try:
            points = _Plan.model_validate_json((place / SWEEP_FILE).read_bytes()).points
        except FileNotFoundError:
            continue
        except (ValidationError, OSError) as error:
            damage = f"{place / SWEEP_FILE} cannot be read: {str(error).splitlines()[0]}"
            continue
        plan.update({(place / point.folder).resolve(): point for point in points})
    return plan, damage


def _read_run(folder: Path, name: str, planned: _PlannedPoint | None, keep: int) -> RunView:
    try:
        return _read_whole(folder, name, planned, keep)
    except (RunError, OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        changed = planned.changed if planned else {}
        reason = f"cannot be read: {' '.join(str(error).split()) or type(error).__name__}"
        return RunView(folder, name, "failed", changed, planned.command if planned else "", error=reason)


def _read_whole(folder: Path, name: str, planned: _PlannedPoint | None, keep: int) -> RunView:
    result = read_result(folder)
    overrides = _overrides(folder, result)
    rows = list(read_metrics(folder))
    validated = [row for row in rows if number(row.get(OBJECTIVE)) is not None]
    total_steps = result.total_steps if result else None
    lr = with_phase_ends(curve(rows, "lr"), saved_schedule(folder, total_steps))
    return RunView(
        folder=folder,
        name=name,
        status=result.status if result else "unfinished",
        changed=split_overrides(overrides),
        command=planned.command if planned and planned.command else _command(folder, overrides),
        objective=number(result.objective) if result and result.status == "completed" else None,
        best=min((row[OBJECTIVE] for row in validated), default=None),
        steps=result.steps if result else int(rows[-1]["step"]) if rows else 0,
        total_steps=total_steps,
        seconds=result.seconds if result else None,
        error=(result.error or "") if result else "",
        curves=curves_of(rows, lr, keep),
    )


def _overrides(folder: Path, result: RunResult | None) -> list[str]:
    if result and result.overrides:
        return result.overrides
    path = folder / _HYDRA / "overrides.yaml"
    return [str(override) for override in _yaml(path) or []] if path.exists() else []


def split_overrides(overrides: Sequence[str]) -> dict[str, str]:
    """Returns overrides as keys and values, without the `+` in front; a deleted key has the value "deleted"."""
    pairs = [override.partition("=") for override in overrides]
    return {key.lstrip("+~"): value if sign else "deleted" for key, sign, value in pairs}


def _command(folder: Path, overrides: Sequence[str]) -> str:
    """Returns what repeats a run, with the folder of configuration and the primary config that it was started with."""
    words = ["python", "-m", "d9d_lr.train"]
    path = folder / _HYDRA / "hydra.yaml"
    hydra: dict[str, Any] = (_yaml(path) or {}).get("hydra", {}) if path.exists() else {}
    for source in hydra.get("runtime", {}).get("config_sources", []):
        if source["provider"] == "command-line":
            words += ["-cd", source["path"]]
    name = hydra.get("job", {}).get("config_name")
    if name not in (None, "config"):
        words += ["-cn", name, "hydra.mode=RUN"]  # a sweep file would start the sweep
    return shlex.join([*words, *overrides])


def number(value: object) -> float | None:
    """Returns a value that can be compared and drawn; None for what is missing, NaN or infinite."""
    return float(value) if isinstance(value, int | float) and math.isfinite(value) else None


def _yaml(path: Path) -> Any:
    return yaml.load(path.read_bytes(), Loader=_Loader)


def schedule_text(run: RunView) -> str:
    """Returns the run's `schedule.json`; empty if there is none."""
    try:
        text = (run.folder / "schedule.json").read_text(encoding="utf-8")
        return json.dumps(json.loads(text), indent=2)
    except (OSError, ValueError):
        return ""

"""A sweep from what was typed to its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

from d9d_lr.comparing.words import counted
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.commands import repeat_command
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.record import RecordedPoint, add_points
from d9d_lr.sweeping.attempt import new_attempt
from d9d_lr.sweeping.checked import checked_points
from d9d_lr.sweeping.devices import gpus_here
from d9d_lr.sweeping.forecast import Forecast, forecast
from d9d_lr.sweeping.launch import Launches
from d9d_lr.sweeping.launchers import launcher_traits
from d9d_lr.sweeping.owner import Owner
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.progress import reported_progress
from d9d_lr.sweeping.pruning import Rungs, checked_rungs, write_rungs
from d9d_lr.sweeping.saying import say, shown
from d9d_lr.sweeping.sharing import arranged
from d9d_lr.sweeping.standing import Standing
from d9d_lr.sweeping.stopping import alone, stopped_in_peace
from d9d_lr.sweeping.sweep import Sweep
from d9d_lr.sweeping.tables import (
    said_of_steps,
    show_forecast,
    show_outcome,
    show_points,
    show_shared_steps,
)
from d9d_lr.sweeping.waves import remove_unneeded, run_shared


def run_sweep(sweep: Sweep, arguments: Sequence[str]) -> list[list[JobReturn]]:
    """Checks a sweep, runs what is left of it, and sums it up.

    Args:
        sweep: What Hydra gives a sweeper.
        arguments: What was typed, `hydra.sweeper.params` included.

    Returns:
        What came of each point, as Hydra's own sweeper returns it.

    Raises:
        ConfigError: If a point cannot run, or a folder holds another run; nothing was changed then.
        RunError: If a point failed, after everything else was done.
    """
    foreseen = forecast(sweep, checked_points(sweep, arguments))
    points, prune = foreseen.points, sweep.settings.prune
    rungs = checked_rungs(points, prune, sweep.section) if prune else {}
    if sweep.settings.dry_run:
        standing = Standing.of(sweep, points)
        show_points(points, standing.states)
        show_shared_steps(arranged(sweep, standing))
    show_forecast(foreseen)
    if sweep.settings.dry_run:
        say(f"\n{counted(len(points), 'point')}; nothing was started ({sweep.section}.dry_run=true)")
        return []
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with alone(sweep.folder):
        standing = Standing.of(sweep, points)
        standing.refuse_others(sweep.folder)
        with stopped_in_peace(sweep.folder, sweep.program):
            returns = _run(sweep, foreseen, standing, rungs)
    _complain(points, returns, sweep.folder)
    return [[returns[point.folder] for point in points]]


def _run(sweep: Sweep, foreseen: Forecast, standing: Standing, rungs: Rungs) -> dict[str, JobReturn]:
    """Runs the points that did not complete before, and returns what came of each point, by its folder."""
    folder, settings, hydra = sweep.folder, sweep.settings, sweep.config.hydra
    write_text_whole(SweepFolder(folder).composed, OmegaConf.to_yaml(sweep.config))
    add_points(folder, _recorded(sweep, foreseen.points), _recorded(sweep, foreseen.left_out))
    standing.set_damage_aside(folder)
    done, sharing = standing.returned(), arranged(sweep, standing)
    before = f", {len(done)} of them completed before" if done else ""
    say(f"{counted(len(foreseen.points), 'point')} in {shown(folder)}{before}")
    for line in said_of_steps(sharing):
        say(line)
    traits = launcher_traits(hydra.launcher)
    owner = Owner.this_process() if traits.ends_with_sweep else None
    at_once = max(1, min(traits.parallel, len(sharing.points)))
    gpus = gpus_here() if traits.name == "joblib" and at_once > 1 else ()
    with new_attempt(folder, settings.failure_limit, owner, gpus) as attempt:
        sweep.job.attempt = attempt
        judging = write_rungs(attempt.folder / "rungs.json", rungs, settings.prune.factor) if settings.prune else None
        launches = Launches(sweep.launcher, traits, attempt, folder, at_once, judging)
        try:
            with reported_progress(folder, [point.folder for point in sharing.points]):
                run_shared(sharing, launches, hydra.sweeper.max_batch_size)
        finally:
            if not settings.keep_branches:
                remove_unneeded(sharing, folder)
            show_outcome(folder)
    return {**done, **launches.returns}


def _recorded(sweep: Sweep, points: Sequence[CheckedPoint]) -> list[RecordedPoint]:
    return [
        RecordedPoint(
            folder=point.folder,
            changed=dict(point.changed),
            command=repeat_command(sweep.config.hydra, point.overrides, sweep.program),
            identity=point.identity,
            predicted=point.predicted,
        )
        for point in points
    ]


def _complain(points: Sequence[CheckedPoint], returns: Mapping[str, JobReturn], folder: Path) -> None:
    """Raises if not every point of this start completed."""
    left = [point for point in points if not _completed(returns.get(point.folder))]
    if left:
        raise RunError(
            f"{len(left)} of {len(points)} points did not complete; see {shown(SweepFolder(folder).markdown)}"
        )


def _completed(returned: JobReturn | None) -> bool:
    return returned is not None and returned.status == JobStatus.COMPLETED

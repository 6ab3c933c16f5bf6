"""A sweep from what was typed to its summary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from omegaconf import DictConfig, OmegaConf

from d9d_lr.comparing.words import counted
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.atomic import set_aside, write_text_whole
from d9d_lr.runs.commands import repeat_command, this_program
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.record import RecordedPoint, add_points
from d9d_lr.runs.states import FolderState
from d9d_lr.sweeping.arranging import arranged
from d9d_lr.sweeping.attempt import new_attempt
from d9d_lr.sweeping.checked import check, checked_points
from d9d_lr.sweeping.checker import load_checker
from d9d_lr.sweeping.devices import gpus_here
from d9d_lr.sweeping.forecast import Forecast, forecast
from d9d_lr.sweeping.launch import Launches
from d9d_lr.sweeping.launchers import launcher_traits, stored_job
from d9d_lr.sweeping.owner import Owner
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.progress import reported_progress
from d9d_lr.sweeping.pruning import Rungs, checked_rungs, write_rungs
from d9d_lr.sweeping.settings import SweepConfig, sweep_settings
from d9d_lr.sweeping.sharing import Sharing
from d9d_lr.sweeping.standing import is_done, refuse_others, states_of
from d9d_lr.sweeping.stopping import alone, stopped_in_peace
from d9d_lr.sweeping.sweep import Sweep
from d9d_lr.sweeping.tables import (
    said_of_steps,
    say,
    show_forecast,
    show_outcome,
    show_points,
    show_shared_steps,
    shown,
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
    settings = sweep_settings(sweep.config)
    if absent := [place for place in settings.reuse if not Path(place).is_dir()]:
        raise ConfigError(Problem(f"{sweep.section}.reuse", f"there is no folder {place}") for place in absent)
    foreseen = forecast(checked_points(sweep, settings, arguments), settings, sweep.section, partial(check, sweep))
    points = foreseen.points
    rungs = checked_rungs(points, settings.prune, sweep.section) if settings.prune else {}
    if settings.dry_run:
        states = states_of(sweep, points)
        show_points(points, states)
        show_shared_steps(_arranged(sweep, settings, points, states))
    show_forecast(foreseen)
    if settings.dry_run:
        say(f"\n{counted(len(points), 'point')}; nothing was started ({sweep.section}.dry_run=true)")
        return []
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with alone(sweep.folder):
        states = states_of(sweep, points)
        refuse_others(sweep.folder, states)
        with stopped_in_peace(sweep.folder, this_program(sweep.config.hydra)):
            returns = _run(sweep, settings, foreseen, states, rungs)
    _complain(points, returns, sweep.folder)
    return [[returns[point.folder] for point in points]]


def _run(
    sweep: Sweep, settings: SweepConfig, foreseen: Forecast, states: Mapping[str, FolderState], rungs: Rungs
) -> dict[str, JobReturn]:
    """Runs the points that did not complete before, and returns what came of each point, by its folder."""
    folder, points, hydra = sweep.folder, foreseen.points, sweep.config.hydra
    write_text_whole(SweepFolder(folder).composed, OmegaConf.to_yaml(sweep.config))
    left_out = [_recorded(point, hydra) for point in foreseen.left_out]
    add_points(folder, [_recorded(point, hydra) for point in points], left_out)
    for name, state in states.items():
        if state.damage:
            say(f"{state.damage}; it is kept as {set_aside(SweepFolder(folder).run(name).result).name}")
    done = {
        name: stored_job(state.result) for name, state in states.items() if state.result and is_done(state, settings)
    }
    sharing = _arranged(sweep, settings, points, states)
    todo = sharing.points
    before = f", {len(done)} of them completed before" if done else ""
    say(f"{counted(len(points), 'point')} in {shown(folder)}{before}")
    for line in said_of_steps(sharing):
        say(line)
    traits = launcher_traits(sweep.config.hydra.launcher)
    owner = Owner.this_process() if traits.ends_with_sweep else None
    at_once = max(1, min(traits.parallel, len(todo)))
    gpus = gpus_here() if traits.name == "joblib" and at_once > 1 else ()
    with new_attempt(folder, settings.failure_limit, owner, gpus) as attempt:
        sweep.job.attempt = attempt
        judging = write_rungs(attempt.folder / "rungs.json", rungs, settings.prune.factor) if settings.prune else None
        launches = Launches(sweep.launcher, traits, attempt, folder, at_once, judging)
        try:
            with reported_progress(folder, [point.folder for point in todo]):
                run_shared(sharing, launches, sweep.config.hydra.sweeper.max_batch_size)
        finally:
            if not settings.keep_branches:
                remove_unneeded(sharing, folder)
            show_outcome(folder)
    return {**done, **launches.returns}


def _arranged(
    sweep: Sweep, settings: SweepConfig, points: Sequence[CheckedPoint], states: Mapping[str, FolderState]
) -> Sharing:
    todo = [point for point in points if not is_done(states[point.folder], settings)]
    done = [point for point in points if states[point.folder].state == "completed"]
    return arranged(todo, done, sweep.folder, settings, load_checker(sweep.config.hydra.sweeper.check))


def _recorded(point: CheckedPoint, hydra: DictConfig) -> RecordedPoint:
    command = repeat_command(hydra, point.overrides, this_program(hydra))
    return RecordedPoint(
        folder=point.folder,
        changed=dict(point.changed),
        command=command,
        identity=point.identity,
        predicted=point.predicted,
    )


def _complain(points: Sequence[CheckedPoint], returns: Mapping[str, JobReturn], folder: Path) -> None:
    """Raises if not every point of this start completed."""
    left = [point for point in points if not _completed(returns.get(point.folder))]
    if left:
        raise RunError(
            f"{len(left)} of {len(points)} points did not complete; see {shown(SweepFolder(folder).markdown)}"
        )


def _completed(returned: JobReturn | None) -> bool:
    return returned is not None and returned.status == JobStatus.COMPLETED

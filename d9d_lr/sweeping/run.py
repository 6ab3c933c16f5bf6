"""A sweep from what was typed to its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf, open_dict, read_write

from d9d_lr.composing.application import hydra_troubles
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.atomic import set_aside, write_text_whole
from d9d_lr.runs.commands import quoted, repeat_command, this_program
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.record import RecordedPoint, add_points, record_or_folders
from d9d_lr.runs.states import FingerprintOf, FolderState, read_state
from d9d_lr.sweeping.arranging import arranged
from d9d_lr.sweeping.attempt import Attempt, new_attempt
from d9d_lr.sweeping.checker import Checker, load_checker
from d9d_lr.sweeping.composer import PointComposer
from d9d_lr.sweeping.devices import gpus_here
from d9d_lr.sweeping.forecast import Forecast, forecast
from d9d_lr.sweeping.guard import GuardedJob
from d9d_lr.sweeping.launch import Launches
from d9d_lr.sweeping.launchers import launcher_traits, stored_job
from d9d_lr.sweeping.owner import Owner
from d9d_lr.sweeping.plan import Point, plan_sweep
from d9d_lr.sweeping.preflight import BadPoint, CheckedPoint, Preflight, check_points
from d9d_lr.sweeping.progress import reported_progress
from d9d_lr.sweeping.pruning import rungs_of, write_rungs
from d9d_lr.sweeping.settings import SweepConfig, sweep_settings
from d9d_lr.sweeping.sharing import Sharing
from d9d_lr.sweeping.stopping import alone, stopped_in_peace
from d9d_lr.sweeping.tables import (
    bad_points,
    said_of_steps,
    say,
    show_forecast,
    show_outcome,
    show_points,
    show_shared_steps,
    shown,
)
from d9d_lr.sweeping.waves import remove_unneeded, run_shared


class BadSweepError(ConfigError):
    """Points that cannot run, shown as one table."""

    def __init__(self, bad: Sequence[BadPoint], total: int, section: str) -> None:
        super().__init__(problem for point in bad for problem in point.problems)
        self._table = bad_points(bad)
        self._title = f"{len(bad)} of {total} points cannot run; nothing was started"
        left = len(bad) < total
        self._hint = f"\n\nto leave such points out, type {section}.on_invalid=drop" if left else ""

    def __str__(self) -> str:
        return f"{self._title}\n\n{self._table}{self._hint}"


@dataclass(frozen=True)
class Sweep:
    """What Hydra gives a sweeper.

    Attributes:
        context: Hydra's context, which composes jobs.
        launcher: Hydra's launcher.
        job: The guarded job that the launcher runs.
        config: The configuration of the sweep itself; its folder is an absolute path.
    """

    context: HydraContext
    launcher: Launcher
    job: GuardedJob
    config: DictConfig

    @property
    def folder(self) -> Path:
        """The sweep's folder."""
        return Path(str(self.config.hydra.sweep.dir))

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parses overrides; raises ConfigError where they do not."""
        with hydra_troubles(overrides):
            return OverridesParser.create(self.context.config_loader).parse_overrides(list(overrides))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Composes the configuration of one job."""
        return self.context.config_loader.load_sweep_config(self.config, list(overrides))


def fix_folder(config: DictConfig) -> None:
    """Makes the folder of a sweep absolute, for the sweep and for each of its jobs."""
    folder = Path(str(config.hydra.sweep.dir)).absolute()
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.sweep.dir = str(folder)
        config.hydra.overrides.hydra.append(f"hydra.sweep.dir={quoted(folder)}")


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
        raise ConfigError(Problem(f"{_section(sweep)}.reuse", f"there is no folder {place}") for place in absent)
    foreseen = forecast(_checked(sweep, settings, arguments), settings, _section(sweep), partial(_check, sweep))
    points = foreseen.points
    _refuse_no_rungs(points, settings, _section(sweep))
    if settings.dry_run:
        states = _states(sweep, points)
        show_points(points, states)
        show_shared_steps(_arranged(sweep, settings, points, states))
    show_forecast(foreseen)
    if settings.dry_run:
        say(f"\n{_count(points)}; nothing was started ({_section(sweep)}.dry_run=true)")
        return []
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with alone(sweep.folder):
        states = _states(sweep, points)
        _refuse_others(sweep.folder, states)
        with stopped_in_peace(sweep.folder, this_program(sweep.config.hydra)):
            returns = _run(sweep, settings, foreseen, states)
    _complain(points, returns, sweep.folder)
    return [[returns[point.folder] for point in points]]


def _checked(sweep: Sweep, settings: SweepConfig, arguments: Sequence[str]) -> Sequence[CheckedPoint]:
    """Returns the points that can run, each configuration once, and says what became of the others."""
    if any(typed.lstrip("+").startswith("hydra.sweep.subdir=") for typed in sweep.config.hydra.overrides.hydra):
        raise ConfigError([Problem("hydra.sweep.subdir", "cannot be set; folders are named by the changed keys")])
    planned = plan_sweep(sweep.parse(arguments), settings, sweep.parse, sweep.config.hydra.sweeper.section)
    found = _check(sweep, planned)
    if found.bad and (settings.on_invalid == "error" or not found.good):
        raise BadSweepError(found.bad, len(planned), _section(sweep))
    if found.bad:
        say(f"{len(found.bad)} of {len(planned)} points cannot run and are left out\n\n{bad_points(found.bad)}\n")
    for point, folder in found.repeated:
        say(f"point {point.number} ({point.folder}) has the same configuration as {folder}, which runs once")
    for checked in found.good:
        if checked.same_as:
            say(f"point {checked.number} ({checked.folder}) computes the same as {checked.same_as}")
    _say_advice(found.good)
    return found.good


def _check(sweep: Sweep, planned: Sequence[Point]) -> Preflight:
    """Composes and validates points."""
    sweeper, loader = sweep.config.hydra.sweeper, sweep.context.config_loader
    recorded = {point.identity: point.folder for point in record_or_folders(sweep.folder).points if point.identity}
    compose, check = PointComposer(loader, sweep.compose), load_checker(sweeper.check)
    return check_points(planned, compose, check, section=sweeper.section, recorded=recorded)


def _say_advice(points: Sequence[CheckedPoint]) -> None:
    """Says each remark once, with how many points it is about."""
    about = Counter(remark for point in points for remark in point.advice)
    for remark, count in about.items():
        say(remark if count == len(points) else f"{remark} [{count} of {len(points)} points]")


def _states(sweep: Sweep, points: Sequence[CheckedPoint]) -> dict[str, FolderState]:
    fingerprint_of = _fingerprint_of(load_checker(sweep.config.hydra.sweeper.check))
    return {point.folder: _state(sweep, point, fingerprint_of) for point in points}


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


def _refuse_others(folder: Path, states: Mapping[str, FolderState]) -> None:
    others = [
        Problem(str(shown(folder / name)), state.reason) for name, state in states.items() if state.state == "other"
    ]
    if others:
        hint = "give the sweep a folder of its own, as in hydra.sweep.dir=DIR, or remove these"
        *most, last = others
        raise ConfigError([*most, Problem(last.key, last.message, hint)])


def _run(
    sweep: Sweep, settings: SweepConfig, foreseen: Forecast, states: Mapping[str, FolderState]
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
        name: stored_job(state.result) for name, state in states.items() if state.result and _is_done(state, settings)
    }
    sharing = _arranged(sweep, settings, points, states)
    todo = sharing.points
    say(f"{_count(points)} in {shown(folder)}" + (f", {len(done)} of them completed before" if done else ""))
    for line in said_of_steps(sharing):
        say(line)
    traits = launcher_traits(sweep.config.hydra.launcher)
    owner = Owner.this_process() if traits.ends_with_sweep else None
    at_once = max(1, min(traits.parallel, len(todo)))
    gpus = gpus_here() if traits.name == "joblib" and at_once > 1 else ()
    with new_attempt(folder, settings.failure_limit, owner, gpus) as attempt:
        sweep.job.attempt = attempt
        rungs = _rungs(sweep, settings, points, attempt)
        launches = Launches(sweep.launcher, traits, attempt, folder, at_once, rungs)
        try:
            with reported_progress(folder, [point.folder for point in todo]):
                run_shared(sharing, launches, sweep.config.hydra.sweeper.max_batch_size)
        finally:
            if not settings.keep_branches:
                remove_unneeded(sharing, folder)
            show_outcome(folder)
    return {**done, **launches.returns}


def _is_done(state: FolderState, settings: SweepConfig) -> bool:
    """Whether a point is left as it is; one that was pruned is taken up again where nothing is pruned any more."""
    return state.state == "completed" or (state.state == "pruned" and settings.prune is not None)


def _arranged(
    sweep: Sweep, settings: SweepConfig, points: Sequence[CheckedPoint], states: Mapping[str, FolderState]
) -> Sharing:
    todo = [point for point in points if not _is_done(states[point.folder], settings)]
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


def _rungs(sweep: Sweep, settings: SweepConfig, points: Sequence[CheckedPoint], attempt: Attempt) -> Path | None:
    """Writes where points are compared with what; None if they are not."""
    if settings.prune is None:
        return None
    path = attempt.folder / "rungs.json"
    write_rungs(path, rungs_of(points, settings.prune), settings.prune.factor)
    return path


def _refuse_no_rungs(points: Sequence[CheckedPoint], settings: SweepConfig, section: str) -> None:
    if settings.prune and not rungs_of(points, settings.prune):
        message = f"{settings.prune.first_step} is no step, and leads to none, at which points can be compared"
        hint = "name one at which they are evaluated, after their warmups and before their ends"
        raise ConfigError([Problem(f"{section}.prune.first_step", message, hint)])


def _complain(points: Sequence[CheckedPoint], returns: Mapping[str, JobReturn], folder: Path) -> None:
    """Raises if not every point of this start completed."""
    left = [point for point in points if not _completed(returns.get(point.folder))]
    if left:
        raise RunError(
            f"{len(left)} of {len(points)} points did not complete; see {shown(SweepFolder(folder).markdown)}"
        )


def _completed(returned: JobReturn | None) -> bool:
    return returned is not None and returned.status == JobStatus.COMPLETED


def _section(sweep: Sweep) -> str:
    """Returns where a user types how the sweep goes."""
    return sweep.config.hydra.sweeper.section or "hydra.sweeper"


def _count(points: Sequence[CheckedPoint]) -> str:
    return "1 point" if len(points) == 1 else f"{len(points)} points"

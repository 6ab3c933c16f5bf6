"""A sweep from what was typed to its summary."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, OmegaConf

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.atomic import set_aside
from d9d_lr.runs.commands import command_again, quoted, repeat_command
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.runs.locks import held
from d9d_lr.runs.record import RecordedPoint, add_points
from d9d_lr.runs.states import FolderState, read_state
from d9d_lr.sweeping.attempt import new_attempt
from d9d_lr.sweeping.composer import PointComposer
from d9d_lr.sweeping.guard import GuardedJob
from d9d_lr.sweeping.launch import Launches
from d9d_lr.sweeping.launchers import launcher_traits, stored_job
from d9d_lr.sweeping.plan import plan_points
from d9d_lr.sweeping.preflight import BadPoint, CheckedPoint, check_points
from d9d_lr.sweeping.settings import SweepConfig, resolve_sweep
from d9d_lr.sweeping.tables import bad_points, say, show_outcome, show_points
from d9d_lr.training.fingerprint import stored_fingerprint
from d9d_lr.training.launched import world_size
from d9d_lr.training.resolve import REQUIRED


class BadSweepError(ConfigError):
    """Points that cannot run; told as one table."""

    def __init__(self, bad: Sequence[BadPoint], total: int) -> None:
        super().__init__(problem for point in bad for problem in point.problems)
        self._table = bad_points(bad)
        self._title = f"{len(bad)} of {total} points cannot run; nothing was started"

    def __str__(self) -> str:
        hint = "to leave such points out, type sweep.on_invalid=drop"
        return f"{self._title}\n\n{self._table}\n\n{hint}"


@dataclass(frozen=True)
class Sweep:
    """What Hydra gives a sweeper.

    Attributes:
        context: Hydra's context, which composes jobs.
        launcher: Hydra's launcher.
        job: The guarded job that the launcher runs.
        config: The configuration of the sweep itself.
        batch_size: Most jobs that the launcher is given at once; None for no limit.
    """

    context: HydraContext
    launcher: Launcher
    job: GuardedJob
    config: DictConfig
    batch_size: int | None

    @property
    def folder(self) -> Path:
        """The sweep's folder."""
        return Path(str(self.config.hydra.sweep.dir))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Composes the configuration of one job."""
        return self.context.config_loader.load_sweep_config(self.config, list(overrides))


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
    config = resolve_sweep(sweep.config)
    points = _checked(sweep, config, arguments)
    if config.dry_run:
        show_points(points, _states(sweep, points))
        say(f"\n{_count(points)}; nothing was started (sweep.dry_run=true)")
        return []
    sweep.folder.mkdir(parents=True, exist_ok=True)
    with _alone(sweep.folder):
        states = _states(sweep, points)
        _refuse_others(sweep.folder, states)
        with _reporting_how_to_go_on(sweep.folder):
            returns = _run(sweep, config, points, states)
    _complain(points, returns, sweep.folder)
    return [[returns[point.point.folder] for point in points]]


def _checked(sweep: Sweep, config: SweepConfig, arguments: Sequence[str]) -> list[CheckedPoint]:
    """Returns the points that can run, each folder once."""
    if any(typed.lstrip("+").startswith("hydra.sweep.subdir=") for typed in sweep.config.hydra.overrides.hydra):
        raise ConfigError([Problem("hydra.sweep.subdir", "cannot be set; folders are named by the changed keys")])
    overrides = OverridesParser.create(sweep.context.config_loader).parse_overrides(list(arguments))
    planned = plan_points(overrides, config.zip)
    good, bad = check_points(planned, PointComposer(sweep.context.config_loader, sweep.compose))
    if bad and (config.on_invalid == "error" or not good):
        raise BadSweepError(bad, len(planned))
    if bad:
        say(f"{len(bad)} of {len(planned)} points cannot run and are left out\n\n{bad_points(bad)}\n")
    for point in good:
        if point.same_as:
            say(f"point {point.point.number} ({point.point.folder}) computes the same as {point.same_as}")
    return list({point.point.folder: point for point in reversed(good)}.values())[::-1]


def _states(sweep: Sweep, points: Sequence[CheckedPoint]) -> dict[str, FolderState]:
    return {point.point.folder: _state(sweep, point) for point in points}


def _state(sweep: Sweep, point: CheckedPoint) -> FolderState:
    folder = sweep.folder / point.point.folder
    state = read_state(folder, point.fingerprint, stored_fingerprint)
    if state.state != "other":
        return state
    config = OmegaConf.to_container(OmegaConf.masked_copy(sweep.compose(point.point.overrides), list(REQUIRED)))
    assert isinstance(config, dict)
    return read_state(folder, point.fingerprint, stored_fingerprint, {str(key): config[key] for key in config})


def _refuse_others(folder: Path, states: dict[str, FolderState]) -> None:
    others = [Problem(str(folder / name), state.reason) for name, state in states.items() if state.state == "other"]
    if others:
        hint = "give the sweep a folder of its own, as in hydra.sweep.dir=DIR, or remove these"
        *most, last = others
        raise ConfigError([*most, Problem(last.key, last.message, hint)])


def _run(
    sweep: Sweep, config: SweepConfig, points: list[CheckedPoint], states: dict[str, FolderState]
) -> dict[str, JobReturn]:
    """Runs the points that did not complete before, and returns what came of each point, by its folder."""
    folder = sweep.folder
    OmegaConf.save(sweep.config, SweepFolder(folder).composed)
    add_points(folder, [_recorded(point, sweep.config.hydra) for point in points])
    for name, state in states.items():
        if state.damage:
            say(f"{state.damage}; it is kept as {set_aside(SweepFolder(folder).run(name).result).name}")
    done = {
        name: stored_job(state.result) for name, state in states.items() if state.result and state.state == "completed"
    }
    todo = [point for point in points if point.point.folder not in done]
    say(f"{_count(points)} in {folder}" + (f", {len(done)} of them completed before" if done else ""))
    engine = launcher_traits(sweep.config.hydra.launcher)
    with new_attempt(folder, config.failure_limit) as attempt:
        sweep.job.attempt = attempt
        launches = Launches(sweep.launcher, engine, attempt, folder, max(1, min(engine.parallel, len(todo))))
        try:
            with _terminated_like_ctrl_c():
                launches.run(todo, sweep.batch_size)
        finally:
            show_outcome(folder)
    return {**done, **launches.returns}


def _recorded(checked: CheckedPoint, hydra: DictConfig) -> RecordedPoint:
    point = checked.point
    command = repeat_command(hydra, point.overrides)
    return RecordedPoint(folder=point.folder, changed=dict(point.changed), command=command)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keeps a second sweep out of a folder."""
    with ExitStack() as stack:
        try:
            stack.enter_context(held(folder))
        except RunError as error:
            raise RunError(f"another sweep is running in {folder}") from error
        yield


@contextmanager
def _reporting_how_to_go_on(folder: Path) -> Iterator[None]:
    """Ends what an interrupted sweep tells with the command that goes on, whatever its jobs could still say."""
    try:
        yield
    except KeyboardInterrupt:
        command = command_again(sys.argv[1:], f"hydra.sweep.dir={quoted(folder)}", world_size())
        say(f"\ngo on with: {command}")
        raise


@contextmanager
def _terminated_like_ctrl_c() -> Iterator[None]:
    """Lets SIGTERM leave a summary behind, as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _complain(points: Sequence[CheckedPoint], returns: Mapping[str, JobReturn], folder: Path) -> None:
    """Raises if not every point of this start completed."""
    left = [point for point in points if not _completed(returns.get(point.point.folder))]
    if left:
        raise RunError(f"{len(left)} of {len(points)} points did not complete; see {SweepFolder(folder).markdown}")


def _completed(returned: JobReturn | None) -> bool:
    return returned is not None and returned.status == JobStatus.COMPLETED


def _count(points: Sequence[CheckedPoint]) -> str:
    return "1 point" if len(points) == 1 else f"{len(points)} points"

"""What stands around each job of a sweep, in whichever process it runs: its end is on disk before it is reported."""

from __future__ import annotations

import logging
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.types import TaskFunction
from omegaconf import DictConfig, OmegaConf

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.diagnostics.visible import in_one_line, visible_traceback
from d9d_lr.runs.errors import write_error
from d9d_lr.runs.folders import RunFolder, remove_empty
from d9d_lr.runs.locks import HeldError, held
from d9d_lr.runs.results import RunResult, read_result
from d9d_lr.sweeping.attempt import Attempt
from d9d_lr.sweeping.devices import take_gpu
from d9d_lr.sweeping.ending import leave_result
from d9d_lr.sweeping.owner import ending_with
from d9d_lr.sweeping.portion import Portion, shared_steps_failed
from d9d_lr.sweeping.process import exit_reported, working_folder_kept
from d9d_lr.sweeping.watch import report_failure

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5


class JobFailedError(Exception):
    """A job failed; the message says why, and the result in its folder says it too."""


class NotStartedError(Exception):
    """A job did not start, since enough others failed."""


@dataclass
class GuardedJob:
    """A job of a sweep that leaves a result in its folder however it ends, unless its process is killed.

    Attributes:
        job: The application's own job.
        attempt: The start of the sweep that it belongs to; set before launching.
    """

    job: TaskFunction
    attempt: Attempt | None = None

    def __call__(self, config: DictConfig) -> Any:
        """Runs the job, as Hydra does.

        Raises:
            JobFailedError: If it failed, or called `sys.exit`.
            NotStartedError: If the failure policy does not allow another job; or it is to train shared steps, and
                comes out of a queue when nobody waits for them any more.
        """
        assert self.attempt is not None
        hydra = HydraConfig.get()
        folder = Path(hydra.runtime.output_dir)
        portion = Portion.of(_checked(hydra))
        with ending_with(self.attempt.owner):
            if portion.saves and self.attempt.is_over():
                _remove_if_new(folder, hydra)
                remove_empty(folder.parent, folder.parent.parent)
                raise NotStartedError("not started: the sweep that its shared steps were for has ended")
            missing = _awaited(portion, self.attempt)
            if self.attempt.gave_up():
                _remove_if_new(folder, hydra)
                raise NotStartedError("not started: enough points failed")
            self.attempt.start(folder.name)
            take_gpu(self.attempt.gpus, self.attempt.folder)
            with _held_in_turn(folder):
                run = _Run(folder, self.attempt, hydra, _stamp(folder), time.monotonic())
                objective, error = run.completed_before() or run.without(missing) or run.of(self.job, config)
            self.attempt.end(folder.name, error, counts=not portion.saves)
        if error is not None:
            raise JobFailedError(error)
        return objective


@dataclass(frozen=True)
class _Run:
    """One run of a job, in the folder that it holds.

    Attributes:
        folder: The run folder.
        attempt: The start of the sweep that it belongs to.
        hydra: Hydra's section, with what the sweep found of the point.
        stamp: Which writing of a result lay in the folder at its start.
        started: When that was.
    """

    folder: Path
    attempt: Attempt
    hydra: HydraConf
    stamp: tuple[int, int] | None
    started: float

    def completed_before(self) -> tuple[Any, None] | None:
        """Returns the objective if a job of an earlier sweep completed the point after this one's check."""
        try:
            result = read_result(self.folder)
        except RunError:
            return None
        wanted = ("completed", _checked(self.hydra)["fingerprint"])
        return (result.objective, None) if result and (result.status, result.fingerprint) == wanted else None

    def without(self, missing: str | None) -> tuple[Any, str] | None:
        """Leaves why the job cannot begin, if it cannot."""
        if missing is None:
            return None
        self._leave(None, missing)
        return None, missing

    def of(self, job: TaskFunction, config: DictConfig) -> tuple[Any, str | None]:
        """Runs the job; returns the objective, and the error if it failed."""
        objective, error = None, None
        RunFolder(self.folder).error.unlink(missing_ok=True)
        try:
            with working_folder_kept(), exit_reported(self._leave_before_exit):
                objective = job(config)
        except KeyboardInterrupt:
            raise
        except BaseException as problem:
            error = in_one_line(problem)
            unexpected = not isinstance(problem, ConfigError | RunError | SystemExit)
            log.error(
                "%s failed: %s%s", self.folder.name, error, f"\n{visible_traceback(problem)}" if unexpected else ""
            )
            if unexpected:
                write_error(self.folder, problem)
        self._leave(objective, error)
        return objective, error or _stopped_early(read_result(self.folder))

    def _leave(self, objective: Any, error: str | None) -> None:
        """Writes the result, if the job wrote none itself."""
        if _stamp(self.folder) == self.stamp:
            seconds = time.monotonic() - self.started
            known, typed = _checked(self.hydra), self.hydra.overrides.task
            point = {name: known[name] for name in ("fingerprint", "total_steps")}
            leave_result(self.folder, **point, overrides=typed, objective=objective, error=error, seconds=seconds)

    def _leave_before_exit(self, error: str) -> None:
        report_failure(self.folder.name, error)
        self._leave(None, error)
        self.attempt.end(self.folder.name, error)


def _awaited(portion: Portion, attempt: Attempt) -> str | None:
    """Waits until what a job begins from is there; returns why it never will be, None if it is.

    Jobs are started in an order in which nobody waits for what starts later.
    """
    while portion.awaits and portion.begin and not attempt.gave_up():
        ended = attempt.ended(portion.awaits)
        if portion.begin.exists():
            return None
        if ended:
            return shared_steps_failed(error) if (error := attempt.error_of(portion.awaits)) else None
        time.sleep(_POLL_SECONDS / 5)
    return None


@contextmanager
def _held_in_turn(folder: Path) -> Iterator[None]:
    """Holds a folder, after a job of an earlier sweep that is still at it."""
    waited = False
    with ExitStack() as stack:
        while True:
            try:
                stack.enter_context(held(folder))
                break
            except HeldError:
                if not waited:
                    log.info("%s is still run by a job of an earlier sweep; waiting for it", folder.name)
                waited = True
                time.sleep(_POLL_SECONDS)
        yield


def _checked(hydra: HydraConf) -> Any:
    """Returns what the sweep found of this point before it started: its fingerprint and its length."""
    return OmegaConf.select(cast(DictConfig, hydra), "env.point")


def _remove_if_new(folder: Path, hydra: HydraConf) -> None:
    """Removes the folder of a job that did not start, if it holds nothing but what Hydra made for it."""
    made = {Path(hydra.output_subdir or RunFolder(folder).overrides.parent.name).parts[0], f"{hydra.job.name}.log"}
    if {path.name for path in folder.iterdir()} <= made:
        shutil.rmtree(folder, ignore_errors=True)


def _stamp(folder: Path) -> tuple[int, int] | None:
    """Returns what tells one writing of a result from another."""
    try:
        stat = RunFolder(folder).result.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _stopped_early(result: RunResult | None) -> str | None:
    """A run that stopped early says so in its result, whatever it returned."""
    return result.error or result.status if result and result.status not in ("completed", "pruned") else None

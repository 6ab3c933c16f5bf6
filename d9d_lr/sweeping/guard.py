"""What stands around each job of a sweep, in whichever process it runs: its end is on disk before anyone is told."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from hydra.conf import HydraConf
from hydra.core.hydra_config import HydraConfig
from hydra.types import TaskFunction
from omegaconf import DictConfig, OmegaConf

from d9d_lr.diagnostics.one_line import in_one_line
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.runs.errors import write_error
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.locks import HeldError, held
from d9d_lr.runs.results import RunResult, read_result
from d9d_lr.sweeping.attempt import Attempt
from d9d_lr.sweeping.ending import leave_result
from d9d_lr.sweeping.owner import end_with

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
            NotStartedError: If the failure policy does not allow another job.
        """
        assert self.attempt is not None
        if self.attempt.owner:
            end_with(self.attempt.owner)
        hydra = HydraConfig.get()
        folder = Path(hydra.runtime.output_dir)
        if self.attempt.gave_up():
            _remove_if_new(folder, hydra)
            raise NotStartedError("not started: enough points failed")
        self.attempt.start(folder.name)
        with _held_in_turn(folder):
            done = _completed_before(folder, _checked(hydra)["fingerprint"])
            objective, error = (done.objective, None) if done else self._run(config, folder, hydra)
        self.attempt.end(folder.name, error)
        if error is not None:
            raise JobFailedError(error)
        return objective

    def _run(self, config: DictConfig, folder: Path, hydra: HydraConf) -> tuple[Any, str | None]:
        """Returns the objective, and the error if it failed."""
        before, started = _stamp(folder), time.monotonic()

        def leave(objective: Any, error: str | None) -> None:
            if _stamp(folder) == before:
                seconds = time.monotonic() - started
                checked, typed = _checked(hydra), hydra.overrides.task
                leave_result(folder, **checked, overrides=typed, objective=objective, error=error, seconds=seconds)

        objective, error = None, None
        RunFolder(folder).error.unlink(missing_ok=True)
        try:
            with _working_folder_kept(), _exit_reported(folder.name, leave):
                objective = self.job(config)
        except KeyboardInterrupt:
            raise
        except BaseException as problem:
            error = in_one_line(problem)
            unexpected = not isinstance(problem, ConfigError | RunError | SystemExit)
            log.error("%s failed: %s", folder.name, error, exc_info=problem if unexpected else None)
            if unexpected:
                write_error(folder, problem)
        leave(objective, error)
        return _as_result_says(folder, objective, error)


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


@contextmanager
def _working_folder_kept() -> Iterator[None]:
    """Takes back a job's `os.chdir`, for this process may have more jobs to come."""
    before = Path.cwd()
    try:
        yield
    finally:
        with suppress(OSError):  # it may be gone
            os.chdir(before)


@contextmanager
def _exit_reported(name: str, leave: Callable[[Any, str | None], None]) -> Iterator[None]:
    """Lets `os._exit` in a job leave a result, and a status that is not 0; in one process it ends the sweep.

    Processes that the job forks end by it too, and are left alone.
    """
    process, leave_at_once = os.getpid(), os._exit

    def exit_reported(status: int) -> None:
        if os.getpid() == process:
            error = f"the job ended its process by os._exit({status})"
            sys.stderr.write(f"{name} failed: {error}\n")
            with suppress(Exception):
                leave(None, error)
            status = status or 1
        leave_at_once(status)

    os._exit = exit_reported  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit = leave_at_once


def _checked(hydra: HydraConf) -> Any:
    """Returns what the sweep found of this point before it started: its fingerprint and its length."""
    return OmegaConf.select(cast(DictConfig, hydra), "env.point")


def _completed_before(folder: Path, fingerprint: str) -> RunResult | None:
    """Returns the result of a job of an earlier sweep that ended after this one's check."""
    try:
        result = read_result(folder)
    except RunError:
        return None
    same = result is not None and (result.status, result.fingerprint) == ("completed", fingerprint)
    return result if same else None


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


def _as_result_says(folder: Path, objective: Any, error: str | None) -> tuple[Any, str | None]:
    """A run that stopped early says so in its result, whatever it returned."""
    result = read_result(folder)
    if error is None and result is not None and result.status != "completed":
        return objective, result.error or result.status
    return objective, error

"""What stands around each job of a sweep, in whichever process it runs: its end is on disk before anyone is told."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.locks import held
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.runs.results import RunResult, read_result, write_result
from d9d_lr.runs.states import read_state
from d9d_lr.sweeping.attempt import Attempt
from d9d_lr.training.fingerprint import settings_fingerprint, stored_fingerprint
from d9d_lr.training.resolve import resolve_settings

log = logging.getLogger(__name__)

_POLL_SECONDS = 0.5

Job = Callable[[DictConfig], Any]


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

    job: Job
    attempt: Attempt | None = None

    def __call__(self, config: DictConfig) -> Any:
        """Runs the job, as Hydra does.

        Raises:
            JobFailedError: If it failed or called `sys.exit`.
            NotStartedError: If the failure policy does not allow another job.
        """
        assert self.attempt is not None
        folder = Path(HydraConfig.get().runtime.output_dir)
        if self.attempt.gave_up():
            raise NotStartedError("not started: enough points failed")
        self.attempt.start(folder.name)
        result = _completed_by_others(folder, config)
        objective, error = (result.objective, None) if result else self._run(config, folder)
        self.attempt.end(folder.name, error)
        if error is not None:
            raise JobFailedError(error)
        return objective

    def _run(self, config: DictConfig, folder: Path) -> tuple[Any, str | None]:
        """Returns the objective, and the error if it failed."""
        before = _stamp(folder)
        started = time.monotonic()
        objective, error = None, None
        try:
            objective = self.job(config)
        except (Exception, SystemExit) as problem:
            error = tell(problem)
            unexpected = not isinstance(problem, ConfigError | RunError | SystemExit)
            log.error("%s failed: %s", folder.name, error, exc_info=problem if unexpected else None)
        if _stamp(folder) == before:
            seconds = time.monotonic() - started
            record_end(folder, *_what(config), HydraConfig.get().overrides.task, objective, error, seconds)
        return _reported_by_result(folder, objective, error)


def tell(problem: BaseException) -> str:
    """Says an error in one line."""
    match problem:
        case ConfigError():
            return "; ".join(f"{item.key}: {item.message}" if item.key else item.message for item in problem.problems)
        case SystemExit():
            return f"the job ended by sys.exit({problem.code!r})"
        case RunError() | JobFailedError():
            return " ".join(str(problem).split())
        case _:
            return f"{type(problem).__name__}: {' '.join(str(problem).split())}".rstrip(": ")


def record_end(
    folder: Path,
    mark: str,
    total_steps: int,
    overrides: Sequence[str],
    objective: Any,
    error: str | None,
    seconds: float,
) -> None:
    """Writes the result of a job that left none itself.

    Args:
        folder: The run folder.
        mark: The fingerprint of what was run.
        total_steps: Optimizer steps asked for.
        overrides: What was typed.
        objective: What the job returned.
        error: Why it failed; None if it did not.
        seconds: How long it took; 0 if nobody knows.
    """
    folder.mkdir(exist_ok=True)
    rows = list(read_metrics(folder))
    result = RunResult(
        status="completed" if error is None else "failed",
        objective=float(objective) if isinstance(objective, int | float) else None,
        final={},
        best={},
        steps=int(rows[-1]["step"]) if rows else 0,
        total_steps=total_steps,
        seconds=seconds,
        fingerprint=mark,
        overrides=list(overrides),
        error=error,
    )
    write_result(folder, result)


def _completed_by_others(folder: Path, config: DictConfig) -> RunResult | None:
    """Waits for a job of a killed sweep that is still at this point; returns its result if one completed."""
    waited = False
    while _is_held(folder):
        if not waited:
            log.info("%s is still run by a job of an earlier sweep; waiting for it", folder.name)
        waited = True
        time.sleep(_POLL_SECONDS)
    state = read_state(folder, _what(config)[0], stored_fingerprint)
    return state.result if state.state == "completed" else None


def _is_held(folder: Path) -> bool:
    try:
        with held(folder):
            return False
    except RunError:
        return True


def _stamp(folder: Path) -> tuple[int, int] | None:
    """Tells one writing of a result from another."""
    try:
        stat = RunFolder(folder).result.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_mtime_ns


def _reported_by_result(folder: Path, objective: Any, error: str | None) -> tuple[Any, str | None]:
    """A run that stopped early says so in its result, whatever it returned."""
    result = read_result(folder)
    if error is None and result is not None and result.status != "completed":
        return objective, result.error or result.status
    return objective, error


def _what(config: DictConfig) -> tuple[str, int]:
    """Returns the fingerprint and the length of a run; neither, where its configuration is the trouble."""
    try:
        settings = resolve_settings(config)
    except ConfigError:
        return "", 0
    return settings_fingerprint(settings), settings.train.total_steps

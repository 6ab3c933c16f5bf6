"""Handing points to a launcher until each has ended, whatever happens to the processes that run them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher

from d9d_lr.composing.hydra_internals import job_value
from d9d_lr.runs.results import read_result
from d9d_lr.sweeping import parallel
from d9d_lr.sweeping.attempt import Attempt
from d9d_lr.sweeping.composer import ABOUT, ENVIRONMENT, FOLDER
from d9d_lr.sweeping.ending import leave_result
from d9d_lr.sweeping.guard import NotStartedError
from d9d_lr.sweeping.launchers import (
    LauncherTraits,
    lost_job,
    lost_jobs_returned,
    prepare_workers,
    raise_sentence,
    reason,
    stored_job,
)
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.watch import report_failure, reported_failures


@dataclass
class Launches:
    """The launches of one attempt at a sweep.

    Attributes:
        launcher: Hydra's launcher.
        traits: What is known about it.
        attempt: Where the jobs note how far they are.
        folder: The sweep's folder.
        at_once: Jobs that run at once on one machine.
        rungs: The file that says where points are compared; None if they are not.
        returns: What came of each job, by the folder of its point.
    """

    launcher: Launcher
    traits: LauncherTraits
    attempt: Attempt
    folder: Path
    at_once: int
    rungs: Path | None = None
    returns: dict[str, JobReturn] = field(default_factory=dict)
    _number: int = 0

    @property
    def one_by_one(self) -> bool:
        """Whether the launcher is given one job at a time, so that what did not start leaves no folder behind."""
        return self.attempt.failure_limit is not None and self.traits.name == "basic"

    def run(self, points: Sequence[CheckedPoint], batch_size: int | None) -> None:
        """Runs points in batches, and ends early where the failure policy says so.

        Args:
            points: The points.
            batch_size: Most jobs that the launcher is given at once; None for no limit.
        """
        prepare_workers(self.launcher, self.traits, len(points), self.attempt.owner)
        one = 1 if self.one_by_one else None
        size = min(filter(None, (batch_size, self.traits.batch_size, one, len(points))), default=1)
        with nullcontext() if self.traits.shows_logs else reported_failures(self.attempt):
            for start in range(0, len(points), size):
                if not self.attempt.gave_up():
                    self._run_batch(points[start : start + size])

    def _run_batch(self, points: Sequence[CheckedPoint], suspected: bool = False) -> None:
        overrides = [self._overrides(point) for point in points]
        number, self._number = self._number, self._number + len(points)
        try:
            with lost_jobs_returned(self.traits):
                returns = self.launcher.launch(overrides, initial_job_idx=number)
        except Exception as crash:
            self._after_crash(points, crash, suspected)
            return
        for point, returned in zip(points, returns, strict=True):
            self._settle(point, returned)

    def fail(self, point: CheckedPoint, error: str) -> None:
        """Ends a point that cannot start, as if its job had failed."""
        self._settle(point, lost_job(error))

    def error_of(self, point: CheckedPoint) -> str | None:
        """Returns why a job failed; None if it did not, or was not started."""
        returned = self.returns.get(point.folder)
        if returned is None or returned.status != JobStatus.FAILED or _not_started(returned):
            return None
        return str(job_value(returned))

    def _overrides(self, point: CheckedPoint) -> list[str]:
        """Returns what was typed for a point, and what its job needs to know beside."""
        portion = point.portion if point.portion.saves else replace(point.portion, rungs=self.rungs)
        about = [f"fingerprint:'{point.fingerprint}'", f"total_steps:{point.preview.total_steps}", *portion.typed()]
        shared = [f"++{ENVIRONMENT}.{parallel.VARIABLE}='{self.at_once}'"] if self.at_once > 1 else []
        return [
            *point.overrides,
            f"{FOLDER}='{point.folder}'",
            f"{ABOUT}={{{','.join(about)}}}",
            *shared,
        ]

    def _settle(self, point: CheckedPoint, returned: JobReturn) -> None:
        """Keeps what came of a job, and puts on disk what a killed process could not."""
        name = point.name
        self.returns[point.folder] = returned
        if not self.attempt.ended(name) and not _not_started(returned):
            error = str(job_value(returned)) if returned.status == JobStatus.FAILED else "it left no result"
            leave_result(
                self.folder / point.folder,
                fingerprint=point.fingerprint,
                total_steps=point.preview.total_steps,
                overrides=point.overrides,
                error=error,
            )
            self.attempt.end(name, error, counts=not point.portion.saves)
            if self.traits.shows_logs:  # else somebody watches the attempt
                report_failure(name, error)

    def _after_crash(self, points: Sequence[CheckedPoint], crash: Exception, suspected: bool) -> None:
        """Starts the points again that a crash of the launcher left without an end, the suspected ones alone."""
        if not self.traits.retries_alone:
            raise_sentence(crash)
        self.traits.recover()
        died = f"its process ended without a result: {reason(crash)}"
        self._take_over(point for point in points if self.attempt.ended(point.name))
        left = [point for point in points if not self.attempt.ended(point.name)]
        suspects = [point for point in left if self.attempt.started(point.name)]
        if len(left) == len(points) and not suspects:
            raise_sentence(crash)
        if suspected:
            for point in left:
                self._settle(point, lost_job(died))
            return
        for point in self._unless_gave_up(suspects):
            self.attempt.forget(point.name)
            self._run_batch([point], suspected=True)
        waiting = [point for point in left if point not in suspects]
        if waiting and not self.attempt.gave_up():
            self._run_batch(waiting)

    def _take_over(self, points: Iterable[CheckedPoint]) -> None:
        """Reads what came of jobs that ended, where their launcher cannot say it any more."""
        for point in points:
            result = read_result(self.folder / point.folder)
            if result:
                self.returns[point.folder] = stored_job(result)

    def _unless_gave_up(self, points: Sequence[CheckedPoint]) -> Iterator[CheckedPoint]:
        for point in points:
            if self.attempt.gave_up():
                return
            yield point


def _not_started(returned: JobReturn) -> bool:
    return returned.status == JobStatus.FAILED and isinstance(job_value(returned), NotStartedError)

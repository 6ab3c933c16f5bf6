"""Hydra's launchers, by what a sweep has to know about each: how many jobs run at once, and what a killed one does.

| launcher | jobs run | a killed job |
| --- | --- | --- |
| basic | one after another, in this process | ends the sweep; the same command goes on |
| joblib | in worker processes of this machine | takes the other running jobs with it; all are started again, alone |
| submitit_local | each in a process; a batch all at once | is lost, the others are not touched |
| submitit_slurm | each as a SLURM job | is lost, the others are not touched |
| ray | in worker processes of a Ray cluster | Ray starts it again; then as with joblib |
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any, NoReturn

from hydra.core.utils import JobReturn, JobStatus
from hydra.errors import HydraException
from hydra.plugins.launcher import Launcher
from omegaconf import DictConfig

from d9d_lr.composing.hydra_internals import scan_plugins_once
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.diagnostics.visible import in_one_line
from d9d_lr.runs.results import RunResult
from d9d_lr.sweeping.owner import EndWith, Owner

_LONGEST = 200
"""The most characters of a line of a job's output that are shown."""


@dataclass(frozen=True)
class LauncherTraits:
    """One launcher, as it is configured.

    Attributes:
        name: "basic", "joblib", "local", "slurm" or "ray"; else the class of another launcher.
        parallel: Jobs that run at once on one machine, if there are that many.
        batch_size: Most jobs that it should be given at once; None for no limit.
    """

    name: str
    parallel: int
    batch_size: int | None = None

    @property
    def retries_alone(self) -> bool:
        """Whether a job may be started again after its launcher raised: whether none can still be running then."""
        return self.name in ("basic", "joblib", "ray")

    @property
    def shows_logs(self) -> bool:
        """Whether what a job logs appears on the terminal of the sweep."""
        return self.retries_alone

    @property
    def ends_with_sweep(self) -> bool:
        """Whether its jobs run on this machine for this sweep only, and should not outlive it."""
        return self.name in ("joblib", "local")

    def recover(self) -> None:
        """Makes sure that no job of a launcher that raised goes on."""
        if self.name == "ray":
            sys.modules["ray"].shutdown()


def launcher_traits(launcher: Mapping[str, Any] | DictConfig, cores: int | None = None) -> LauncherTraits:
    """Describes a launcher by its configuration.

    Args:
        launcher: The section `hydra.launcher`.
        cores: Cores that a process may use; those of this one by default.
    """
    cores = cores or len(os.sched_getaffinity(0))
    match str(launcher["_target_"]).rpartition(".")[2]:
        case "BasicLauncher":
            return LauncherTraits("basic", 1)
        case "JoblibLauncher":
            wanted = int(launcher["n_jobs"])
            return LauncherTraits("joblib", max(1, wanted if wanted > 0 else cores + 1 + wanted))
        case "LocalLauncher":
            at_once = max(1, cores // int(launcher["cpus_per_task"] or 1))
            return LauncherTraits("local", at_once, batch_size=at_once)
        case "SlurmLauncher":
            return LauncherTraits("slurm", 1)
        case "RayLauncher":
            cores_each = int((launcher["ray"]["remote"] or {}).get("num_cpus") or 1)
            return LauncherTraits("ray", max(1, cores // cores_each))
        case other:
            return LauncherTraits(other, 1)


class WorkerStart(EndWith):
    """What a worker of joblib, which is to run many jobs, does before the first one."""

    def __call__(self) -> None:
        """Ends with its owner from now on, and looks for Hydra's plugins once: for each job it took as long as one."""
        super().__call__()
        scan_plugins_once()


def prepare_workers(launcher: Launcher, traits: LauncherTraits, jobs: int, owner: Owner | None) -> None:
    """Has joblib start no more workers than there are jobs, each of which ends with its owner from its start on.

    Two of them it must have, for one would be this process.

    Ray's launcher asks for 75 MB of shared memory where nothing is said, which a cluster that runs already refuses,
    whether it is named or found. Here None is said: a new one sets its own limit, and takes what is used.
    """
    if traits.name == "ray":
        launcher.ray_cfg.init.setdefault("object_store_memory", None)  # type: ignore[attr-defined]
    if traits.name != "joblib":
        return
    settings = launcher.joblib  # type: ignore[attr-defined]
    if traits.parallel > 2:
        settings["n_jobs"] = max(2, min(traits.parallel, jobs))
    if owner is not None and traits.parallel > 1:
        settings["initializer"] = WorkerStart(owner)


@contextmanager
def lost_jobs_returned(traits: LauncherTraits) -> Iterator[None]:
    """Lets submitit's launcher return a failed job for each that was lost, instead of raising at the first.

    The launcher collects its jobs' results one by one. The first that was killed, or ran out of time, raises there,
    and then nobody waits for those behind it, which go on running.
    """
    if traits.name not in ("local", "slurm"):
        yield
        return
    from submitit.core.core import Job
    from submitit.core.utils import FailedJobError, UncompletedJobError

    original = Job.results

    def results(job: Any) -> list[Any]:
        try:
            return list(original(job))
        except (UncompletedJobError, FailedJobError) as error:
            return [lost_job(f"its process ended without a result: {reason(error)} (see {job.paths.stderr})")]

    Job.results = results  # type: ignore[assignment,method-assign]
    try:
        with _states_known(traits):
            yield
    finally:
        Job.results = original  # type: ignore[method-assign]


def _states_known(traits: LauncherTraits) -> AbstractContextManager[None]:
    if traits.name != "slurm":
        return nullcontext()
    from d9d_lr.sweeping.slurm_queue import watched_without_accounts

    return watched_without_accounts()


def raise_sentence(crash: Exception) -> NoReturn:
    """Raises what a launcher raised before any job began as a sentence, where it is none yet."""
    if isinstance(crash, HydraException | ConfigError | RunError):
        raise crash
    raise RunError(f"its launcher failed: {in_one_line(crash)}; HYDRA_FULL_ERROR=1 shows where") from crash


def lost_job(reason: str) -> JobReturn:
    """Returns what Hydra would for a job that failed."""
    lost = JobReturn(status=JobStatus.FAILED)
    lost.return_value = RunError(reason)
    return lost


def stored_job(result: RunResult) -> JobReturn:
    """Returns what the job that left a result returned, or would have."""
    if result.status not in ("completed", "pruned"):
        return lost_job(result.error or result.status)
    returned = JobReturn(overrides=result.overrides, status=JobStatus.COMPLETED)
    returned.return_value = result.objective
    return returned


def reason(error: Exception) -> str:
    """Returns the line of a launcher's error that says what happened, and the last line that the job wrote."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    cause = next((line for line in lines if "exit codes" in line or "produced any output" in line), lines[0])
    output = [place for place, line in enumerate(lines) if set(line) == {"-"}]
    if not output or output[0] + 1 == len(lines):
        return cause
    return f"{cause}; the last that it wrote is: {lines[-1][:_LONGEST]}"

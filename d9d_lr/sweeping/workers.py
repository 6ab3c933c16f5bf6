"""joblib's workers, started while the points of a sweep are still being checked.

Importing torch takes a worker longer than checking some dozens of points takes the sweep, and a machine has more cores
than the one that checks. joblib keeps one pool of workers in a process, and launches on the one that is there if it was
started with the same settings.
"""

from __future__ import annotations

import importlib
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import resource_tracker

from hydra.plugins.launcher import Launcher

from d9d_lr.composing.hydra_internals import scan_plugins_once
from d9d_lr.sweeping.launchers import LauncherTraits
from d9d_lr.sweeping.owner import EndWith, Owner

_INTERRUPT = {signal.SIGINT}


@dataclass(frozen=True)
class WorkerStart:
    """Called in a worker before it gets a job: it ends with its owner from then on, and imports what jobs need.

    Attributes:
        owner: The process that started it.
        imports: Names of modules; what is wrong with one is for the job to say.
    """

    owner: Owner
    imports: tuple[str, ...] = ()

    def __call__(self) -> None:
        """Imports; one that is interrupted meanwhile ends without a word, as the sweep says it."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
        EndWith(self.owner)()
        scan_plugins_once()
        for name in self.imports:
            with suppress(Exception):
                importlib.import_module(name)
        if signal.SIGINT in signal.sigpending():
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _INTERRUPT)

    def __str__(self) -> str:
        return ", importing ".join([str(EndWith(self.owner)), *self.imports])  # joblib's launcher logs its settings


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
        settings.setdefault("initializer", WorkerStart(owner))


class _Here:
    """The workers of this process that were started and have no job yet: an iterator that ends when one is ready."""

    starting: Iterator[None] | None = None


def start_workers(launcher: Launcher, traits: LauncherTraits, jobs: int, imports: Sequence[str]) -> None:
    """Starts joblib's workers; other launchers start theirs themselves.

    Args:
        launcher: Hydra's launcher.
        traits: What is known about it.
        jobs: About how many jobs it will be given.
        imports: Names of modules that jobs need.
    """
    if traits.name != "joblib" or traits.parallel < 2 or jobs < 1:
        return
    launcher.joblib["initializer"] = WorkerStart(Owner.this_process(), tuple(imports))  # type: ignore[attr-defined]
    prepare_workers(launcher, traits, jobs, None)
    with suppress(Exception):  # what is wrong with its settings is said at the launch
        _start(launcher)


def _start(launcher: Launcher) -> None:
    from hydra_plugins.hydra_joblib_launcher._core import process_joblib_cfg
    from joblib import Parallel, delayed
    from joblib.externals.loky.backend import resource_tracker as trackers_of_loky

    for trackers in (trackers_of_loky, resource_tracker):  # which let interrupts through as they start
        trackers.ensure_running()
    with _interrupts_held_back():
        settings = dict(launcher.joblib)  # type: ignore[attr-defined]
        process_joblib_cfg(settings)
        settings |= {"backend": "loky", "verbose": 0, "timeout": None, "return_as": "generator"}
        _Here.starting = Parallel(**settings)([delayed(_be_ready)()])


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Lets Ctrl-C reach workers only when they can take it; this process gets it after the block."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPT)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _be_ready() -> None:
    """What a worker is given to do first."""


def await_workers() -> None:
    """Waits until one of the workers that were started is ready, if any were."""
    starting, _Here.starting = _Here.starting, None
    with suppress(Exception):  # where they did not start, the launch says why
        for _ in starting or ():
            pass


@contextmanager
def idle_workers_ended() -> Iterator[None]:
    """Ends, behind a sweep, the workers that were started and got no job."""
    try:
        yield
    finally:
        if _Here.starting is not None:
            from joblib.externals.loky import get_reusable_executor

            get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
            await_workers()

"""Running the jobs of a start: what others begin from first, then what hangs on it."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from d9d_lr.runs.folders import SweepFolder, remove_empty, run_folder_of
from d9d_lr.sweeping.branches import has_begun, is_completed
from d9d_lr.sweeping.launch import Launches
from d9d_lr.sweeping.portion import shared_steps_failed
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.saying import say
from d9d_lr.sweeping.sharing import Sharing


def run_shared(sharing: Sharing, launches: Launches, batch_size: int | None) -> None:
    """Runs all jobs; what hangs on a trunk that failed, and is not there, fails with its reason.

    joblib starts jobs in the order in which it is given them, so there a job waits for what it begins from, and no
    worker waits for the end of a wave.

    Args:
        sharing: The jobs.
        launches: What runs them.
        batch_size: Most jobs that the launcher is given at once; None for no limit.
    """
    for trunk in sharing.trunks:
        first, end = sharing.starts[trunk.folder].step, trunk.portion.saves[-1]
        say(f"steps {first} to {end} are trained once, in {trunk.folder}")
    if launches.traits.name == "joblib":
        launches.run(sharing.in_order(), batch_size)
        return
    errors: dict[str, str] = {}
    for wave in sharing.waves():
        together = [[job] for job in wave] if launches.one_by_one else [wave]
        for jobs in together:
            ready = [job for job in jobs if job.folder not in errors]
            launches.run(ready, batch_size)
            _fail_what_hangs_on([job for job in ready if job.portion.saves], errors, sharing, launches)


def _fail_what_hangs_on(
    trunks: Sequence[CheckedPoint], errors: dict[str, str], sharing: Sharing, launches: Launches
) -> None:
    """Fails the jobs that cannot begin for what came of some trunks, and adds them to those that failed."""
    for trunk in trunks:
        if error := launches.error_of(trunk):
            errors[trunk.folder] = shared_steps_failed(error)
    for job in sharing.jobs:
        start = sharing.starts[job.folder]
        if job.folder not in errors and start.trunk in errors and start.path and not start.path.exists():
            errors[job.folder] = errors[start.trunk]
            launches.fail(job, errors[start.trunk])


def remove_unneeded(sharing: Sharing, sweep_folder: Path) -> None:
    """Removes the runs that points began from, but for those of points that did not complete."""
    left = [job for job in sharing.jobs if not is_completed(sweep_folder / job.folder)]
    left = [job for job in left if job.portion.saves or not has_begun(sweep_folder / job.folder)]
    trunks = [sweep_folder / job.folder for job in left if job.portion.saves]
    begins = [run_folder_of(job.portion.begin) for job in left if job.portion.begin]
    branches = SweepFolder(sweep_folder).branches
    kept = {path.name for path in (*trunks, *begins) if path.parent == branches}
    for path in branches.glob("*"):
        if path.name not in kept:
            shutil.rmtree(path, ignore_errors=True)
    remove_empty(branches, branches.parent)

"""What became of SLURM jobs on a cluster that keeps no accounts, where `sacct`, which submitit asks, knows nothing.

Without an answer submitit waits for ever for a job that was cancelled. The queue knows it too: it lists a job for some
minutes after its end (MinJobAge of slurm.conf), with its last state, and not at all afterwards.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from submitit.slurm.slurm import SlurmInfoWatcher, SlurmJob

_ASK_SECONDS = 60
"""Most seconds between two looks at the queue; submitit begins with two."""


class QueueWatcher(SlurmInfoWatcher):
    """Asks `squeue` in the place of `sacct`."""

    def _make_command(self) -> list[str] | None:
        asked = super()._make_command() is not None
        return ["squeue", "--me", "--array", "--states=all", "--noheader", "--format=%i|%T|%N"] if asked else None

    def read_info(self, string: bytes | str) -> dict[str, dict[str, str]]:
        """Returns what the queue says of each job; one that is not in it any more has ended."""
        text = string if isinstance(string, str) else string.decode()
        listed = super().read_info(f"JobID|State|NodeList\n{text}")
        return {job: {"State": "ENDED"} for job in self._registered - self._finished} | listed


@contextmanager
def watched_without_accounts() -> Iterator[None]:
    """Has submitit look at the queue in this block, if the cluster keeps no accounts."""
    before = SlurmJob.watcher
    if not _keeps_accounts():
        SlurmJob.watcher = QueueWatcher(delay_s=_ASK_SECONDS)
    try:
        yield
    finally:
        SlurmJob.watcher = before


def _keeps_accounts() -> bool:
    try:
        return subprocess.run(["sacct", "--noheader", "--jobs=0"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False

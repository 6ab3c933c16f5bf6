"""One start of a sweep, as its jobs see it from wherever they run: small files in a hidden folder of the sweep.

| file | what it means |
| --- | --- |
| `started/NAME` | the job of the point NAME began |
| `ended/NAME` | it ended, and its folder has a result; the file holds the error, if it failed |
| `failed/NAME` | it failed; the file holds the error in one line |
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import SweepFolder
from d9d_lr.sweeping.owner import Owner


@dataclass(frozen=True)
class Attempt:
    """One start of a sweep.

    Attributes:
        folder: Where its files are; jobs and sweeper share the file system.
        failure_limit: Failed points after which no further one starts; None for no limit.
        owner: The process with which its jobs end; None if they may outlive it.
        gpus: The GPUs of which each worker takes one; none are given out if there are none.
    """

    folder: Path
    failure_limit: int | None
    owner: Owner | None = None
    gpus: tuple[str, ...] = ()

    def start(self, name: str) -> None:
        """Notes that the job of a point began."""
        self._note("started", name)

    def end(self, name: str, error: str | None, counts: bool = True) -> None:
        """Notes that it ended, and the error if it failed.

        Args:
            name: The point, or other job.
            error: Why it failed; None if it did not.
            counts: Whether a failure counts; that of a job which is no point does not, since points fail for it.
        """
        if error is not None and counts:
            self._note("failed", name, error)
        self._note("ended", name, error or "")

    def started(self, name: str) -> bool:
        """Whether the job of a point began."""
        return (self.folder / "started" / name).exists()

    def ended(self, name: str) -> bool:
        """Whether it ended."""
        return (self.folder / "ended" / name).exists()

    def error_of(self, name: str) -> str:
        """Returns why a job that ended failed; empty if it did not."""
        return (self.folder / "ended" / name).read_text(encoding="utf-8")

    def forget(self, name: str) -> None:
        """Makes a point one that did not begin, to start it again."""
        (self.folder / "started" / name).unlink(missing_ok=True)

    def failures(self) -> dict[str, str]:
        """Returns the error of each failed point."""
        return {path.name: path.read_text(encoding="utf-8") for path in (self.folder / "failed").glob("[!.]*")}

    def is_over(self) -> bool:
        """Whether the start of the sweep ended, or was killed and another start took over."""
        return not self.folder.exists()

    def gave_up(self) -> bool:
        """Whether so many points failed that no further one may start."""
        return self.failure_limit is not None and len(self.failures()) >= self.failure_limit

    def _note(self, kind: str, name: str, text: str = "") -> None:
        # A job that outlives its sweeper finds the folder gone; there is nobody left to tell.
        with suppress(FileNotFoundError):
            write_text_whole(self.folder / kind / name, text)


@contextmanager
def new_attempt(
    sweep_folder: Path, failure_limit: int | None, owner: Owner | None, gpus: tuple[str, ...] = ()
) -> Iterator[Attempt]:
    """Makes the files of one start of a sweep, and removes them at its end, with those of starts that were killed.

    Nobody else sweeps in the folder meanwhile; the other arguments are those of `Attempt`.
    """
    hidden = SweepFolder(sweep_folder).hidden
    for left in hidden.glob("attempt-*"):
        shutil.rmtree(left, ignore_errors=True)
    hidden.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="attempt-", dir=hidden)).resolve()
    for kind in ("started", "ended", "failed"):
        (folder / kind).mkdir()
    try:
        yield Attempt(folder, failure_limit, owner, gpus)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        with suppress(OSError):  # something else may lie there
            hidden.rmdir()

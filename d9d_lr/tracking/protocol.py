"""What a tracker is, and the wrapper that keeps its troubles away from the training."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Protocol, TypeAlias

from d9d_lr.runs.results import RunResult

Scalar: TypeAlias = int | float | str | bool

log = logging.getLogger(__name__)


class Tracker(Protocol):
    """Somewhere that the metrics of one run go.

    One of your own is chosen by `tracker._target_=my_project.MyTracker`. It is called with the fields of the section
    `tracker` and, if it takes them, with `folder` (the run folder), `settings` (the validated settings) and
    `hyperparameters` (a flat mapping: what was chosen and swept first, then every setting):

        class MyTracker:
            def __init__(self, folder, hyperparameters, title="runs"):
                self.file = (folder / "mine.txt").open("a")

            def log(self, step, metrics):
                print(step, metrics, file=self.file)

            def finish(self, result):
                print(result.status, file=self.file)
                self.file.close()

    What it raises is logged once as a warning, and the training goes on without it.
    """

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Takes the metrics of one step; steps come in order."""
        ...

    def finish(self, result: RunResult) -> None:
        """Takes how the run ended; nothing comes after it."""
        ...


class NoTracker:
    """Keeps nothing."""

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Does nothing."""

    def finish(self, result: RunResult) -> None:
        """Does nothing."""


class SafeTracker:
    """Wraps a tracker: its first failure is logged, and it is not called from then on."""

    def __init__(self, name: str, start: Callable[[], Tracker]) -> None:
        """Starts the other tracker.

        Args:
            name: What it is called in the warning.
            start: Makes it; may fail like everything else that it does.
        """
        self._name = name
        self._tracker: Tracker = NoTracker()
        self._try(lambda: setattr(self, "_tracker", start()))

    def log(self, step: int, metrics: Mapping[str, float]) -> None:
        """Hands the metrics on."""
        self._try(lambda: self._tracker.log(step, metrics))

    def finish(self, result: RunResult) -> None:
        """Hands the result on."""
        self._try(lambda: self._tracker.finish(result))

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            self._tracker = NoTracker()
            reason = f"{type(error).__name__}: {error}".splitlines()[0]
            log.warning("the tracker %s failed and is off for the rest of this run: %s", self._name, reason)

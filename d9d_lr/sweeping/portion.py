"""What of a run a job of a sweep does: where it begins, other than at step 0, and what it leaves for others."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from d9d_lr.runs.commands import quoted


@dataclass(frozen=True)
class Portion:
    """What of a run a job does; by default all of it.

    Attributes:
        begin: The checkpoint of another run that did the same up to there. What does not agree is not used.
        saves: The steps after which others begin. The job leaves a checkpoint after each, and ends with the last;
            with none it goes on to the end of its run.
        rungs: The file that says where it is compared with what; None if it is not.
        awaits: The job that is still to leave the checkpoint to begin from; None if nobody is waited for.
    """

    begin: Path | None = None
    saves: tuple[int, ...] = ()
    awaits: str | None = None
    rungs: Path | None = None

    @classmethod
    def of(cls, point: Mapping[str, Any] | None) -> Portion:
        """Returns what a sweep wrote into `hydra.env.point` of a job."""
        said = point or {}
        begin, rungs = (Path(said[name]) if said.get(name) else None for name in ("begin", "rungs"))
        return cls(begin, tuple(said.get("saves") or ()), said.get("awaits"), rungs)

    def typed(self) -> list[str]:
        """Returns the fields of `hydra.env.point`, as they are typed."""
        begin = [f"begin:{quoted(self.begin)}"] if self.begin else []
        rungs = [f"rungs:{quoted(self.rungs)}"] if self.rungs else []
        saves = [f"saves:[{','.join(map(str, self.saves))}]"] if self.saves else []
        return [*begin, *saves, *rungs, *([f"awaits:'{self.awaits}'"] if self.awaits else [])]


WHOLE = Portion()
"""A run from step 0 to its end."""

_SHARED = "the steps that it shares with other points failed: "


def shared_steps_failed(error: str) -> str:
    """Returns why a point failed whose shared steps did; what hangs on those hangs on no more."""
    return error if error.startswith(_SHARED) else f"{_SHARED}{error}"

"""Which checkpoints on the way a run folder holds when its run has come to a step."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OnTheWay:
    """How a run is saved on its way.

    Attributes:
        every: Steps between checkpoints; None saves none.
        keep: How many of them are kept, the newest.
    """

    every: int | None = None
    keep: int = 1

    def held_at(self, step: int) -> tuple[int, ...]:
        """Returns the steps of the checkpoints that are there after `step` updates of more, in order."""
        if self.every is None:
            return ()
        last = step // self.every
        return tuple(self.every * number for number in range(max(1, last - self.keep + 1), last + 1))


NOTHING_ON_THE_WAY = OnTheWay()

"""What a process is to train."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from d9d_lr.sweeping.portion import WHOLE, Portion
from d9d_lr.training.settings import Settings, TrainConfig


@dataclass(frozen=True)
class Assignment:
    """A run, as every process of it gets it: rank 0 broadcasts it to the others.

    Attributes:
        settings: The validated settings.
        folder: The run folder; it exists.
        overrides: What was typed, for `result.json`.
        portion: What of the run is done; where the folder has a checkpoint, that is what it goes on from.
    """

    settings: Settings
    folder: Path
    overrides: tuple[str, ...] = ()
    portion: Portion = WHOLE

    @property
    def config(self) -> TrainConfig:
        """How the run goes."""
        return self.settings.train

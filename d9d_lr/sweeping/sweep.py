"""What Hydra gives a sweeper, as the rest of the room sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict, read_write

from d9d_lr.composing.application import hydra_troubles
from d9d_lr.runs.commands import quoted
from d9d_lr.sweeping.guard import GuardedJob


@dataclass(frozen=True)
class Sweep:
    """What Hydra gives a sweeper.

    Attributes:
        context: Hydra's context, which composes jobs.
        launcher: Hydra's launcher.
        job: The guarded job that the launcher runs.
        config: The configuration of the sweep itself; its folder is an absolute path.
    """

    context: HydraContext
    launcher: Launcher
    job: GuardedJob
    config: DictConfig

    @property
    def folder(self) -> Path:
        """The sweep's folder."""
        return Path(str(self.config.hydra.sweep.dir))

    @property
    def section(self) -> str:
        """Where a user types how the sweep goes."""
        return self.config.hydra.sweeper.section or "hydra.sweeper"

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parses overrides; raises ConfigError where they do not."""
        with hydra_troubles(overrides):
            return OverridesParser.create(self.context.config_loader).parse_overrides(list(overrides))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Composes the configuration of one job."""
        return self.context.config_loader.load_sweep_config(self.config, list(overrides))


def fix_folder(config: DictConfig) -> None:
    """Makes the folder of a sweep absolute, for the sweep and for each of its jobs."""
    folder = Path(str(config.hydra.sweep.dir)).absolute()
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.sweep.dir = str(folder)
        config.hydra.overrides.hydra.append(f"hydra.sweep.dir={quoted(folder)}")

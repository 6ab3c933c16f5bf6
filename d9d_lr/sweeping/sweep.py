"""A sweep as the rest of the room sees it: what Hydra gives a sweeper, and what is read from it once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext
from omegaconf import DictConfig, open_dict, read_write

from d9d_lr.composing.application import hydra_troubles
from d9d_lr.composing.hydra_internals import interpolations_parsed_once
from d9d_lr.runs.commands import quoted, this_program
from d9d_lr.runs.record import SweepRecord, record_or_folders
from d9d_lr.sweeping.checker import Checker, load_checker
from d9d_lr.sweeping.composer import PointComposer
from d9d_lr.sweeping.guard import GuardedJob
from d9d_lr.sweeping.plan import Point
from d9d_lr.sweeping.preflight import Preflight, check_points
from d9d_lr.sweeping.settings import SWEEPER, SweepConfig, sweep_settings


@dataclass(frozen=True)
class Sweep:
    """A sweep.

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
        return self.config.hydra.sweeper.section or SWEEPER

    @cached_property
    def program(self) -> str:
        """What stands behind `python` to run the application."""
        return this_program(self.config.hydra)

    @cached_property
    def settings(self) -> SweepConfig:
        """How it goes; raises ConfigError where that cannot be used."""
        return sweep_settings(self.config)

    @cached_property
    def check(self) -> Checker:
        """What the application says of a point; raises ConfigError if it names nothing that can be asked."""
        return load_checker(self.config.hydra.sweeper.check)

    @cached_property
    def recorded(self) -> SweepRecord:
        """The points of earlier starts in its folder."""
        return record_or_folders(self.folder)

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parses overrides; raises ConfigError where they do not."""
        with hydra_troubles(overrides):
            return OverridesParser.create(self.context.config_loader).parse_overrides(list(overrides))

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Composes the configuration of one job."""
        return self.context.config_loader.load_sweep_config(self.config, list(overrides))

    def preflight(self, points: Sequence[Point]) -> Preflight:
        """Composes and validates points."""
        compose = PointComposer(self.context.config_loader, self.compose)
        folders = {point.identity: point.folder for point in self.recorded.points if point.identity}
        section = self.config.hydra.sweeper.section
        with interpolations_parsed_once():
            return check_points(points, compose, self.check, section=section, recorded=folders)


def fix_folder(config: DictConfig) -> None:
    """Makes the folder of a sweep absolute, for the sweep and for each of its jobs."""
    folder = Path(str(config.hydra.sweep.dir)).absolute()
    with read_write(config.hydra), open_dict(config.hydra):
        config.hydra.sweep.dir = str(folder)
        config.hydra.overrides.hydra.append(f"hydra.sweep.dir={quoted(folder)}")

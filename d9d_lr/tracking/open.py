"""From a tracker's config to a tracker."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import assert_never

from d9d_lr.composing.targets import TargetConfig, call_with
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.tracking.hyperparameters import compared_keys, hyperparameters
from d9d_lr.tracking.protocol import NoTracker, SafeTracker, Tracker
from d9d_lr.tracking.settings import MlflowConfig, NoTrackerConfig, TensorboardConfig, TrackerConfig, WandbConfig
from d9d_lr.training.settings import Settings

_Started = TensorboardConfig | MlflowConfig | WandbConfig | TargetConfig

_NEEDS = {
    "none": (),
    "tensorboard": ("tensorboard",),
    "mlflow": ("mlflow", "sqlalchemy", "alembic"),
    "wandb": ("wandb",),
}


def open_tracker(config: TrackerConfig | TargetConfig, folder: Path, settings: Settings) -> Tracker:
    """Starts a tracker; from then on nothing that happens in it ends the run.

    Args:
        config: Which one.
        folder: The run folder.
        settings: The settings of the run, for the tracker's table of hyperparameters.
    """
    if isinstance(config, NoTrackerConfig):
        return NoTracker()
    name = config.target if isinstance(config, TargetConfig) else config.name
    return SafeTracker(name, lambda: _start(config, folder, settings))


def _start(config: _Started, folder: Path, settings: Settings) -> Tracker:
    table = hyperparameters(settings, folder)
    match config:
        case TargetConfig():
            own: Tracker = call_with(config, folder=folder, settings=settings, hyperparameters=table)
            return own
        case TensorboardConfig():
            from d9d_lr.tracking.tensorboard import TensorboardTracker

            return TensorboardTracker(folder / config.folder, table, compared_keys(settings, folder))
        case MlflowConfig():
            from d9d_lr.tracking.mlflow import MlflowTracker

            return MlflowTracker(config, folder, table)
        case WandbConfig():
            from d9d_lr.tracking.wandb import WandbTracker

            return WandbTracker(config, folder, table)
        case _:
            assert_never(config)


def check_installed(config: TrackerConfig | TargetConfig) -> None:
    """Refuses a tracker whose packages are not there, before anything is trained.

    Raises:
        ConfigError: If one is missing, naming the extra that brings it.
    """
    if isinstance(config, TargetConfig):
        return  # it was imported when its arguments were looked at
    missing = [package for package in _NEEDS[config.name] if importlib.util.find_spec(package) is None]
    if missing:
        message = f"{config.name} needs {', '.join(missing)}, not installed here"
        raise ConfigError([Problem("tracker", message, f"install the extra: pip install 'd9d-lr[{config.name}]'")])

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
    match config:
        case NoTrackerConfig():
            return NoTracker()
        case TargetConfig():

            def start_own() -> Tracker:
                table = hyperparameters(settings, folder)
                own: Tracker = call_with(config, folder=folder, settings=settings, hyperparameters=table)
                return own

            return SafeTracker(config.target, start_own)
        case WandbConfig():

            def start_wandb() -> Tracker:
                from d9d_lr.tracking.wandb import WandbTracker

                return WandbTracker(config, folder, hyperparameters(settings, folder))

            return SafeTracker(config.name, start_wandb)
        case TensorboardConfig():

            def start_tensorboard() -> Tracker:
                from d9d_lr.tracking.tensorboard import TensorboardTracker

                table = hyperparameters(settings, folder)
                return TensorboardTracker(folder / config.folder, table, compared_keys(settings, folder))

            return SafeTracker(config.name, start_tensorboard)
        case MlflowConfig():

            def start_mlflow() -> Tracker:
                from d9d_lr.tracking.mlflow import MlflowTracker

                return MlflowTracker(config, folder, hyperparameters(settings, folder))

            return SafeTracker(config.name, start_mlflow)
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

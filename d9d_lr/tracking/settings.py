"""The `tracker` section: where else the metrics of a run go. It is no part of what a run computes."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from d9d_lr.config.base import Base

_Text = Annotated[str, Field(min_length=1)]


class NoTrackerConfig(Base):
    """No tracker; the files of the run folder are written all the same."""

    name: Literal["none"] = "none"


class TensorboardConfig(Base):
    """TensorBoard's event files.

    Attributes:
        folder: Where they go, below the run folder.
    """

    name: Literal["tensorboard"] = "tensorboard"
    folder: _Text = "tensorboard"


class MlflowConfig(Base):
    """MLflow, in a local SQLite store.

    Attributes:
        file: The SQLite file, below the folder in which the command is typed.
        experiment: The name of the experiment that the runs are filed under.
    """

    name: Literal["mlflow"] = "mlflow"
    file: _Text = "mlflow.db"
    experiment: _Text = "d9d_lr"


class WandbConfig(Base):
    """Weights & Biases, written to disk; `wandb sync` sends it later.

    Attributes:
        folder: Where its files go, below the run folder.
        project: The name of the project that the runs are filed under.
        mode: "offline" writes files only; "online" also sends them, and needs `wandb login`.
    """

    name: Literal["wandb"] = "wandb"
    folder: _Text = "wandb"
    project: _Text = "d9d_lr"
    mode: Literal["offline", "online"] = "offline"


TrackerConfig = Annotated[NoTrackerConfig | TensorboardConfig | MlflowConfig | WandbConfig, Field(discriminator="name")]

GIVEN_TO_TRACKERS = ("folder", "settings", "hyperparameters")
"""What a user-defined tracker is passed by name, if it takes it; see `d9d_lr.tracking.protocol.Tracker`."""

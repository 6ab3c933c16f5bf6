"""The whole configuration of the training entrypoint, validated and frozen."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.base import Base, Positive
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.runs.on_the_way import OnTheWay
from d9d_lr.schedule.fields import MAX_STEPS, NUMBER, Steps
from d9d_lr.schedule.units import PerStep
from d9d_lr.tracking.settings import NoTrackerConfig, TrackerConfig
from d9d_lr.training.optimizers.settings import OptimizerConfig
from d9d_lr.training.tasks.settings import TaskConfig

_LONGEST_NAME = 255
"""Bytes in a name of a file, on every common file system."""


class TrainConfig(Base):
    """How a run goes, whatever it trains.

    Attributes:
        total_steps: Optimizer steps of the whole run, over which the schedule lies.
        batch_size: Examples per step, over all processes together.
        eval_every: Steps between evaluations.
        log_every: Steps between lines of metrics.jsonl.
        grad_clip_norm: Largest gradient norm; None does not clip.
        seed: Seed of everything random.
        device: "auto" takes CUDA where there is one.
        num_threads: Threads of each process; "auto" shares the cores among the jobs and processes that run at once.
        checkpoint_every: Steps between checkpoints; None writes one at the end only.
        keep_checkpoints: How many of them are kept.
        resume: "auto" goes on from the newest checkpoint of the run folder, "never" starts over, else the path of a
            checkpoint or of a run folder to go on from.
        on_schedule_change: What to do where the checkpoint was made under another schedule.
        total_samples: The length of the whole run in examples; `training/length.py` makes it `total_steps`.
        total_tokens: The same in tokens.
        stop_after: Steps after which the run ends, before its schedule does; None does all of them.
    """

    total_steps: Annotated[int, Field(gt=0, le=MAX_STEPS), NUMBER]
    batch_size: Positive
    eval_every: Positive
    log_every: Positive
    grad_clip_norm: Annotated[float, Field(gt=0), NUMBER] | None
    seed: Annotated[int, Field(ge=0, lt=2**32), NUMBER]
    device: Literal["auto", "cpu", "cuda"]
    num_threads: Literal["auto"] | Positive
    checkpoint_every: Positive | None
    keep_checkpoints: Positive
    resume: str
    on_schedule_change: Literal["error", "keep", "adopt"]
    total_samples: PerStep | None = None
    total_tokens: PerStep | None = None
    stop_after: Steps | None = None

    @property
    def last_step(self) -> int:
        """Steps that the run does: all of its schedule, or those of its beginning."""
        return self.stop_after or self.total_steps

    @property
    def on_the_way(self) -> OnTheWay:
        """How the run is saved on its way."""
        return OnTheWay(self.checkpoint_every, self.keep_checkpoints if self.checkpoint_every else 1)

    @field_validator("stop_after")
    @classmethod
    def _is_inside(cls, stop_after: int | None, info: ValidationInfo) -> int | None:
        total_steps = info.data.get("total_steps")
        if stop_after is not None and total_steps is not None and stop_after > total_steps:
            more = f"{stop_after} is more than the run has, train.total_steps is {total_steps}"
            raise ValueError(f"{more}; to do all of them, type train.stop_after=null")
        return stop_after

    @field_validator("resume")
    @classmethod
    def _is_path(cls, resume: str) -> str:
        """Refuses what the file system would, with a number in place of the whole text."""
        longest = max(len(part.encode(errors="surrogatepass")) for part in resume.split("/"))
        if longest > _LONGEST_NAME:
            raise ValueError(f"is no path: a part of it has {longest} bytes")
        if "\0" in resume:
            raise ValueError("is no path: it holds a null byte")
        return resume


NOT_IN_FINGERPRINT = ("num_threads", "checkpoint_every", "keep_checkpoints", "resume", "on_schedule_change")
"""Train settings that do not change what a run computes, and so are no part of its fingerprint."""


class Settings(Base):
    """All settings of one training run.

    Attributes:
        lr: The schedule, or a user-defined provider.
        optimizer: The optimizer, or any `torch.optim` class.
        task: What is trained, or a user-defined task.
        train: How the run goes.
        tracker: Where else its metrics go, or a user-defined tracker.
        schedules: What else is scheduled, by name: `weight_decay`, `betas.1`, `batch_size`, `groups.head.lr`.
    """

    lr: PiecewiseConfig | TargetConfig
    optimizer: OptimizerConfig | TargetConfig
    task: TaskConfig | TargetConfig
    train: TrainConfig
    tracker: TrackerConfig | TargetConfig = NoTrackerConfig()
    schedules: dict[str, PiecewiseConfig] = Field(default_factory=dict)

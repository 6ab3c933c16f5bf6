"""The whole configuration of the training entrypoint, validated and frozen."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from d9d_lr.config.models import NUMBER, Base, PiecewiseConfig
from d9d_lr.config.tracker_settings import NoTrackerConfig, TrackerConfig
from d9d_lr.schedule.phases import MAX_STEPS

Positive = Annotated[int, Field(gt=0), NUMBER]
Fraction = Annotated[float, Field(ge=0.0, lt=1.0), NUMBER]


class TargetConfig(Base):
    """A part of the person's own: a callable by its dotted path, and what it is called with.

    Attributes:
        target: Dotted path of the callable.
        arguments: Keyword arguments, as plain values.
        replaced: Fields of the packaged part that `target` replaces and does not know; they are not passed.
    """

    target: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    replaced: dict[str, Any] = Field(default_factory=dict)


class AdamWConfig(Base):
    """`torch.optim.AdamW` (arXiv:1711.05101).

    Attributes:
        lr: Base learning rate; the schedule multiplies it.
        betas: Decay rates of the running averages, each from 0 to below 1.
        weight_decay: Decoupled weight decay, at least 0.
    """

    name: Literal["adamw"] = "adamw"
    lr: Annotated[float, Field(ge=0), NUMBER] = 0.003
    betas: tuple[Fraction, Fraction] = (0.9, 0.95)
    weight_decay: Annotated[float, Field(ge=0), NUMBER] = 0.1


class SGDConfig(Base):
    """`torch.optim.SGD` with momentum.

    Attributes:
        lr: Base learning rate; the schedule multiplies it.
        momentum: Momentum, from 0 to below 1.
        weight_decay: L2 penalty, at least 0.
        nesterov: Whether to use Nesterov momentum, which needs a momentum above 0.
    """

    name: Literal["sgd"] = "sgd"
    lr: Annotated[float, Field(ge=0), NUMBER] = 0.1
    momentum: Fraction = 0.9
    weight_decay: Annotated[float, Field(ge=0), NUMBER] = 0.0
    nesterov: bool = False

    @field_validator("nesterov")
    @classmethod
    def _has_momentum(cls, nesterov: bool, info: ValidationInfo) -> bool:
        if nesterov and info.data.get("momentum") == 0:
            raise ValueError("Nesterov momentum needs a momentum above 0, and optimizer.momentum is 0")
        return nesterov


class CharLMConfig(Base):
    """A small decoder-only transformer on English text, characters as tokens.

    Attributes:
        text_file: A UTF-8 text file; None takes the text of Python's own `pydoc_data.topics`.
        context_length: Characters that the model sees, in tokens.
        layers: Transformer blocks.
        heads: Attention heads; they divide `width`.
        width: Width of the residual stream.
        dropout: Dropout probability.
        validation_fraction: Part of the text, from its end, that is kept for validation.
        eval_batches: Batches of validation text that one evaluation reads.
    """

    name: Literal["charlm"] = "charlm"
    text_file: str | None = None
    context_length: Positive = 64
    layers: Positive = 2
    heads: Positive = 4
    width: Positive = 64
    dropout: Fraction = 0.0
    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0), NUMBER] = 0.1
    eval_batches: Positive = 8

    @field_validator("width")
    @classmethod
    def _divides_among_heads(cls, width: int, info: ValidationInfo) -> int:
        if width % info.data.get("heads", 1):
            raise ValueError(f"{width} cannot be divided among task.heads, {info.data['heads']}")
        return width


class DigitsConfig(Base):
    """scikit-learn's 8x8 images of handwritten digits.

    Attributes:
        model: "mlp" or "cnn".
        width: Hidden units of the MLP, or channels of the CNN.
        dropout: Dropout probability.
        validation_fraction: Part of the 1 797 images, from the end, that is kept for validation.
    """

    name: Literal["digits"] = "digits"
    model: Literal["mlp", "cnn"] = "mlp"
    width: Positive = 64
    dropout: Fraction = 0.0
    validation_fraction: Annotated[float, Field(gt=0.0, lt=1.0), NUMBER] = 0.2


OptimizerConfig = Annotated[AdamWConfig | SGDConfig, Field(discriminator="name")]
TaskConfig = Annotated[CharLMConfig | DigitsConfig, Field(discriminator="name")]


class TrainConfig(Base):
    """How a run goes, whatever it trains.

    Attributes:
        total_steps: Optimizer steps of the whole run.
        batch_size: Examples per step, over all processes together.
        eval_every: Steps between evaluations.
        log_every: Steps between lines of metrics.jsonl.
        grad_clip_norm: Largest gradient norm; None does not clip.
        seed: Seed of everything random.
        device: "auto" takes CUDA where there is one.
        num_threads: Threads of each process; "auto" shares the cores among the processes that run at once.
        checkpoint_every: Steps between checkpoints; None writes one at the end only.
        keep_checkpoints: How many of them are kept.
        resume: "auto" goes on from the newest checkpoint of the run folder, "never" starts over, else the path of a
            checkpoint or of a run folder to go on from.
        on_schedule_change: What to do where the checkpoint was made under another schedule.
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


HOW_NOT_WHAT = ("num_threads", "checkpoint_every", "keep_checkpoints", "resume", "on_schedule_change")
"""Train settings that do not change what a run computes, and so are no part of its fingerprint."""


class Settings(Base):
    """Everything that one training run is told.

    Attributes:
        lr: The schedule, or a provider of the person's own.
        optimizer: The optimizer, or any `torch.optim` class.
        task: What is trained, or a task of the person's own.
        train: How the run goes.
        tracker: Where else its metrics go.
    """

    lr: PiecewiseConfig | TargetConfig
    optimizer: OptimizerConfig | TargetConfig
    task: TaskConfig | TargetConfig
    train: TrainConfig
    tracker: TrackerConfig = NoTrackerConfig()

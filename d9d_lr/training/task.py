"""What is trained: the protocol of a task, and building the one that the settings name."""

from __future__ import annotations

from typing import Protocol, assert_never, runtime_checkable

import torch
from torch import Tensor, nn

from d9d_lr.config.settings import CharLMConfig, DigitsConfig, TargetConfig, TaskConfig
from d9d_lr.config.targets import call
from d9d_lr.problems import ConfigError, Problem

Batch = tuple[Tensor, ...]


@runtime_checkable
class Task(Protocol):
    """A model, its data and its loss; the entrypoint brings the optimizer, the schedule and the loop."""

    def build_model(self) -> nn.Module:
        """Returns a new model, initialised from torch's global random generator, which the entrypoint seeds."""
        ...

    def train_batch(self, size: int, generator: torch.Generator) -> Batch:
        """Returns `size` training examples, drawn with `generator` alone.

        Every step gets a generator of its own, so that a resumed run sees the batches that an undisturbed one sees.

        Returns:
            Tensors of shape (size, ...) on the CPU.
        """
        ...

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Returns the mean loss of a batch, a scalar; calls `model` once, as a function."""
        ...

    def evaluate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Returns validation metrics; "loss" is the objective. Called without gradients, in evaluation mode."""
        ...


_METHODS = ("build_model", "train_batch", "loss", "evaluate")


def build_task(config: TaskConfig | TargetConfig) -> Task:
    """Builds the task that the settings name.

    Raises:
        ConfigError: If its data cannot be used, or the person's own task lacks a method.
    """
    match config:
        case CharLMConfig():
            from d9d_lr.training.charlm import CharLM

            return CharLM(config)
        case DigitsConfig():
            from d9d_lr.training.digits import Digits

            return Digits(config)
        case TargetConfig():
            return _own_task(config)
        case _:
            assert_never(config)


def _own_task(config: TargetConfig) -> Task:
    task = call(config)
    missing = [name for name in _METHODS if not callable(getattr(task, name, None))]
    if missing or not isinstance(task, Task):
        lacks = f"{config.target} gives a {type(task).__name__} without {', '.join(missing)}"
        message = f"{lacks}; a task needs {', '.join(_METHODS)}"
        raise ConfigError([Problem("task._target_", message)])
    return task

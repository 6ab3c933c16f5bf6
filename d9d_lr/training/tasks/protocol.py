"""What is trained: the protocol that a task follows."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

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

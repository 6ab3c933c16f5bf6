"""A task of seconds: scikit-learn's 8x8 images of handwritten digits, with accuracy."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import assert_never

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.training.tasks.protocol import Batch
from d9d_lr.training.tasks.settings import DigitsConfig


class Digits:
    """1 797 images in ten classes, split into training and validation by position."""

    def __init__(self, config: DigitsConfig) -> None:
        self._config = config
        images, labels = _load()
        split = config.training_images(len(images))
        self._train = images[:split], labels[:split]
        self._validation = images[split:], labels[split:]

    def build_model(self) -> nn.Module:
        """Returns a new MLP or CNN."""
        width, dropout = self._config.width, self._config.dropout
        match self._config.model:
            case "mlp":
                hidden = [nn.Linear(64, width), nn.ReLU(), nn.Dropout(dropout), nn.Linear(width, width), nn.ReLU()]
                return nn.Sequential(nn.Flatten(), *hidden, nn.Linear(width, 10))
            case "cnn":
                first = [nn.Conv2d(1, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
                second = [nn.Conv2d(width, width, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout(dropout)]
                return nn.Sequential(*first, *second, nn.Flatten(), nn.Linear(4 * width, 10))
            case _:
                assert_never(self._config.model)

    def train_batch(self, size: int, generator: torch.Generator) -> Batch:
        """Returns images of shape (size, 1, 8, 8) and labels of shape (size,)."""
        images, labels = self._train
        chosen = torch.randint(len(images), (size,), generator=generator)
        return images[chosen], labels[chosen]

    def loss(self, model: nn.Module, batch: Batch) -> Tensor:
        """Returns the mean cross-entropy, in nats."""
        images, labels = batch
        return functional.cross_entropy(model(images), labels)

    def evaluate(self, model: nn.Module, device: torch.device) -> dict[str, float]:
        """Returns loss and accuracy (0 to 1) over all validation images."""
        images, labels = (part.to(device) for part in self._validation)
        logits = model(images)
        accuracy = (logits.argmax(dim=1) == labels).double().mean().item()
        return {"loss": functional.cross_entropy(logits, labels).item(), "accuracy": accuracy}


@cache  # for the jobs of a sweep, which only read them
def _load() -> tuple[Tensor, Tensor]:
    rows = _rows()
    images = torch.tensor(rows[:, :-1].reshape(-1, 8, 8), dtype=torch.float32).div(16.0).unsqueeze(1)
    return images, torch.tensor(rows[:, -1], dtype=torch.long)


def _rows() -> NDArray[np.float64]:
    """Returns an image's 64 pixels and its label in each row, of scikit-learn's file.

    Its own reader takes a second to import, in each worker of a sweep; it is asked where the file is not found.
    """
    installed = find_spec("sklearn")
    for place in (installed and installed.submodule_search_locations) or ():
        if (file := Path(place) / "datasets" / "data" / "digits.csv.gz").is_file():
            return np.loadtxt(file, delimiter=",")
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise RunError("task=digits needs scikit-learn: pip install 'd9d-lr[digits]'") from error
    data = load_digits()
    return np.column_stack([data.data, data.target])

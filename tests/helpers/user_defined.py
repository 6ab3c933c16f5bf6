"""User-defined parts, as the README shows them, and some that misbehave."""

import os
import signal

import torch
from torch import nn
from torch.nn import functional
from torch.optim.lr_scheduler import CosineAnnealingLR, LambdaLR

from d9d_lr import InitializeLRSchedulerContext


class LineTask:
    """Fits a line; a task of its own in under twenty lines."""

    def __init__(self, slope: float = 2.0):
        self.slope = slope

    def build_model(self):
        return nn.Linear(1, 1)

    def train_batch(self, size, generator):
        x = torch.rand(size, 1, generator=generator)
        return x, self.slope * x

    def loss(self, model, batch):
        return functional.mse_loss(model(batch[0]), batch[1])

    def evaluate(self, model, device):
        x = torch.linspace(0, 1, 11, device=device).unsqueeze(1)
        return {"loss": self.loss(model, (x, self.slope * x)).item()}


class SameBatch(LineTask):
    """Every batch is the same, as LBFGS needs it."""

    def train_batch(self, size, generator):
        x = torch.linspace(0, 1, size).unsqueeze(1)
        return x, self.slope * x


class InverseRoot:
    """A provider of its own: 1 / sqrt(1 + t / scale)."""

    def __init__(self, scale: float = 10.0):
        self.scale = scale

    def __call__(self, context: InitializeLRSchedulerContext) -> LambdaLR:
        return LambdaLR(context.optimizer, lambda step: (1 + step / self.scale) ** -0.5)


class Cosine:
    """A provider whose scheduler computes each learning rate from the one before."""

    def __call__(self, context: InitializeLRSchedulerContext) -> CosineAnnealingLR:
        return CosineAnnealingLR(context.optimizer, context.total_steps)


class BatchNormTask(LineTask):
    """Its model has buffers that every forward pass changes."""

    def build_model(self):
        return nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.3), nn.Linear(4, 1))


class AccuracyOnly(LineTask):
    def evaluate(self, model, device):
        return {"accuracy": 1.0}


class SignalsItself(LineTask):
    """Sends its own process a signal while it draws the batch of a step."""

    def __init__(self, step: int, signal_name: str = "SIGTERM", rank: int = 0, times: int = 1):
        super().__init__()
        self.left, self.signal_name, self.rank, self.times = step, signal_name, rank, times

    def train_batch(self, size, generator):
        if self.left == 0 and int(os.environ.get("RANK", "0")) == self.rank:
            for _ in range(self.times):
                os.kill(os.getpid(), signal.Signals[self.signal_name])
        self.left -= 1
        return super().train_batch(size, generator)


class BreaksInRank1(LineTask):
    """Raises in its sixth batch, in the second process alone."""

    drawn = 0

    def train_batch(self, size, generator):
        self.drawn += 1
        if self.drawn == 6 and os.environ.get("RANK") == "1":
            raise ValueError("no more data")
        return super().train_batch(size, generator)


class NoLoss:
    def build_model(self): ...

    def evaluate(self, model, device): ...


def not_a_provider():
    return 3


class BuildsNoScheduler:
    def __call__(self, context):
        return object()

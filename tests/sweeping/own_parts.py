"""Parts of a user's own for the tests of sweeps: providers, tasks and an optimizer, that say what they do or do not."""

import numpy as np
import torch
from torch import nn
from torch.nn.functional import mse_loss
from torch.optim.lr_scheduler import LRScheduler, OneCycleLR


class Decaying(LRScheduler):
    """A learning rate that is computed from the one before, over a length that its state has in it."""

    def __init__(self, optimizer, hold_steps, total_steps):
        self.hold_steps, self.total_steps = hold_steps, total_steps
        super().__init__(optimizer)

    def get_lr(self):
        if self.last_epoch <= self.hold_steps:
            return [group["lr"] for group in self.optimizer.param_groups]
        return [group["lr"] * (1 - 1 / self.total_steps) for group in self.optimizer.param_groups]


class Silent:
    """A provider that does not say what it does."""

    def __init__(self, hold_steps):
        self.hold_steps = hold_steps

    def __call__(self, context):
        return Decaying(context.optimizer, self.hold_steps, context.total_steps)


class Said(Silent):
    """The same, and it says."""

    def schedule(self, total_steps):
        self.total_steps = total_steps
        return self

    def multipliers(self, steps):
        return (1 - 1 / self.total_steps) ** np.maximum(0, np.asarray(steps) - self.hold_steps)


class Wrong(Said):
    """It says that nothing ever differs."""

    def multipliers(self, steps):
        return np.ones(len(steps))


class More(Said):
    """It says what it does to the learning rate, and changes the momentum too."""

    def __call__(self, context):
        return OneCycleLR(context.optimizer, 0.01, context.total_steps)

    def multipliers(self, steps):
        return np.ones(len(steps))


class Failing(Said):
    def schedule(self, total_steps):
        raise ValueError(f"no schedule of {total_steps} steps")


class Short(Said):
    def multipliers(self, steps):
        return np.ones(3)


class Parabola:
    """A task that keeps to what a task may do, and does not say so."""

    def build_model(self):
        return nn.Sequential(nn.Linear(1, 8), nn.Dropout(0.2), nn.Linear(8, 1))

    def train_batch(self, size, generator):
        x = 2 * torch.rand(size, 1, generator=generator) - 1
        return x, x**2

    def loss(self, model, batch):
        return mse_loss(model(batch[0]), batch[1])

    def evaluate(self, model, device):
        x = torch.linspace(-1, 1, 11).unsqueeze(1)
        return {"loss": mse_loss(model(x), x**2).item()}


class Promising(Parabola):
    resumes_exactly = True


class Sgd(torch.optim.SGD):
    """An optimizer that does not say that its `state_dict` has all that it keeps."""


class PromisingSgd(torch.optim.SGD):
    resumes_exactly = True

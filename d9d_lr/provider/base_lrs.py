"""The base learning rates of an optimizer's param groups: what a schedule multiplies.

A learning rate that is a tensor is written in place, so whoever shares it reads a scheduled value, not a base one. The
optimizer's default, which groups added later get, is such a tensor; it is given a copy of its own here.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor
from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import ConfigError, Problem

LR = float | Tensor


def own_default(optimizer: Optimizer) -> None:
    """Gives the optimizer's default learning rate a tensor of its own, which holds the base of the group it was in."""
    default = optimizer.defaults.get("lr")
    if isinstance(default, Tensor):
        for group in optimizer.param_groups:
            if group["lr"] is default:
                optimizer.defaults["lr"] = copied(group.get("initial_lr", default))
                return


def base_of_new_group(group: dict[str, Any], served: list[dict[str, Any]], base_lrs: list[LR]) -> LR:
    """Returns the base learning rate of a group that was added later.

    Raises:
        ConfigError: As `check_lr` does.
    """
    check_lr(group["lr"])
    if "initial_lr" in group:
        return copied(group["initial_lr"])
    for other, base_lr in zip(served, base_lrs, strict=True):
        if isinstance(group["lr"], Tensor) and other["lr"] is group["lr"]:  # shared, so it holds a scheduled value
            return copied(base_lr)
    return copied(group["lr"])


def check_lr(lr: LR) -> None:
    """Refuses a tensor of integers, in which every multiplier below 1 would become 0.

    Raises:
        ConfigError: If it is one.
    """
    if isinstance(lr, Tensor) and not lr.is_floating_point():
        message = f"a tensor of {lr.dtype} cannot hold a scheduled learning rate; it must be one of floating point"
        raise ConfigError([Problem("optimizer.lr", message, f"torch.tensor({float(lr)}) is one")])


def copied(lr: LR) -> LR:
    """Returns a learning rate that nobody else writes into."""
    return lr.clone() if isinstance(lr, Tensor) else lr

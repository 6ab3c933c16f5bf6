"""Building the optimizer that the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, assert_never

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from d9d_lr.composing.targets import TargetConfig, call
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.training.optimizers.settings import AdamWConfig, OptimizerConfig, SGDConfig


def build_optimizer(config: OptimizerConfig | TargetConfig, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Builds the optimizer over a model's parameters.

    Raises:
        ConfigError: If its settings do not go together, or the `_target_` gives no optimizer.
    """
    name = config.target if isinstance(config, TargetConfig) else config.name
    try:
        optimizer = _build(config, list(parameters))
    except Exception as error:  # whatever a user-defined class raises, its arguments are to blame
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise ConfigError([Problem("optimizer", f"{name} refuses its arguments: {reason}")]) from error
    if not isinstance(optimizer, Optimizer):
        message = f"{name} gives a {type(optimizer).__name__}, not a torch.optim.Optimizer"
        raise ConfigError([Problem("optimizer._target_", message)])
    return optimizer


def _build(config: OptimizerConfig | TargetConfig, parameters: list[nn.Parameter]) -> Any:
    match config:
        case AdamWConfig():
            return AdamW(parameters, lr=config.lr, betas=config.betas, weight_decay=config.weight_decay)
        case SGDConfig():
            return SGD(
                parameters,
                lr=config.lr,
                momentum=config.momentum,
                weight_decay=config.weight_decay,
                nesterov=config.nesterov,
            )
        case TargetConfig():
            return call(config, parameters)
        case _:
            assert_never(config)

"""Building the optimizer that the settings name."""

from __future__ import annotations

from collections.abc import Iterable
from typing import assert_never

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from d9d_lr.config.settings import AdamWConfig, OptimizerConfig, SGDConfig, TargetConfig
from d9d_lr.config.targets import call
from d9d_lr.problems import ConfigError, Problem


def build_optimizer(config: OptimizerConfig | TargetConfig, parameters: Iterable[nn.Parameter]) -> Optimizer:
    """Builds the optimizer over a model's parameters.

    Raises:
        ConfigError: If its settings do not go together, or the `_target_` gives no optimizer.
    """
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
            return _own_optimizer(config, parameters)
        case _:
            assert_never(config)


def _own_optimizer(config: TargetConfig, parameters: Iterable[nn.Parameter]) -> Optimizer:
    try:
        optimizer = call(config, list(parameters))
    except Exception as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        raise ConfigError([Problem("optimizer", f"{config.target} refuses its arguments: {reason}")]) from error
    if not isinstance(optimizer, Optimizer):
        message = f"{config.target} gives a {type(optimizer).__name__}, not a torch.optim.Optimizer"
        raise ConfigError([Problem("optimizer._target_", message)])
    return optimizer

"""Building the optimizer that the settings name, over a model's parameters or over param groups by name."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any, assert_never

from torch import nn
from torch.optim import SGD, AdamW, Optimizer

from d9d_lr.composing.targets import TargetConfig, call
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.training.optimizers.settings import AdamWConfig, OptimizerConfig, ParamGroupConfig, SGDConfig

_SHOWN = 8


def build_optimizer(config: OptimizerConfig | TargetConfig, model: nn.Module) -> Optimizer:
    """Builds the optimizer over a model's parameters.

    Raises:
        ConfigError: If its settings do not go together, or do not fit the model, or the `_target_` gives no optimizer.
    """
    parameters = _parameters_of(config, model)
    name = config.target if isinstance(config, TargetConfig) else config.name
    try:
        optimizer = _build(config, parameters)
    except Exception as error:  # whatever a user-defined class raises, its arguments are to blame
        reason = str(error.__cause__ or error).strip().splitlines()[0]
        raise ConfigError([Problem("optimizer", f"{name} refuses its arguments: {reason}")]) from error
    if not isinstance(optimizer, Optimizer):
        message = f"{name} gives a {type(optimizer).__name__}, not a torch.optim.Optimizer"
        raise ConfigError([Problem("optimizer._target_", message)])
    return optimizer


def _build(config: OptimizerConfig | TargetConfig, parameters: list[Any]) -> Any:
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


def _parameters_of(config: OptimizerConfig | TargetConfig, model: nn.Module) -> list[Any]:
    """Returns what an optimizer is built over: a model's parameters, or the groups that the settings name.

    What no group claims comes first, in a group without a name.

    Raises:
        ConfigError: If a pattern matches no parameter, or two groups claim one.
    """
    if isinstance(config, TargetConfig) or not config.groups:
        return list(model.parameters())
    named = dict(model.named_parameters())
    claims = _claims(config.groups, list(named))
    rest = [parameter for name, parameter in named.items() if name not in claims]
    groups: list[Any] = [{"params": rest}] if rest else []
    for group, own in config.groups.items():
        params = [parameter for name, parameter in named.items() if claims.get(name) == group]
        groups.append({"params": params, "name": group, **own.bases()})
    return groups


def _claims(groups: Mapping[str, ParamGroupConfig], names: list[str]) -> dict[str, str]:
    claims: dict[str, str] = {}
    problems = []
    for group, own in groups.items():
        key = f"optimizer.groups.{group}.parameters"
        for pattern in own.parameters:
            found = [name for name in names if fnmatchcase(name, pattern)]
            if not found:
                shown = ", ".join(names[:_SHOWN]) + (" and so on" if len(names) > _SHOWN else "")
                problems.append(Problem(key, f"{pattern!r} matches no parameter of the model; it has {shown}"))
            for name in found:
                if claims.setdefault(name, group) != group:
                    problems.append(Problem(key, f"{name} is in the group {claims[name]} too"))
    if problems:
        raise ConfigError(problems)
    return claims

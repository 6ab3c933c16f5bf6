"""Param groups by name: which parameters of a model each has, and what it has to itself."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from torch import nn

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.training.optimizers.settings import OptimizerConfig, ParamGroupConfig

_SHOWN = 8


def parameters_of(config: OptimizerConfig | TargetConfig, model: nn.Module) -> list[Any]:
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

"""Schedules that a law is asked about: written as on the command line of `d9d_lr.train`, sweeps included.

They have the law's own peak and length unless others are typed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from hydra.core.global_hydra import GlobalHydra
from omegaconf import DictConfig

from d9d_lr.comparing.names import labels_of
from d9d_lr.composing.application import hydra_troubles, open_application
from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.plain import plain
from d9d_lr.config.resolve_lr import resolve_lr
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.fixed_rules import FIXED_RULES
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law
from d9d_lr.sweeping.composer import PointComposer
from d9d_lr.sweeping.plan import Point, points_of
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.settings import Settings

_STEPS, _BASE_LR = "train.total_steps", "optimizer.lr"


@dataclass(frozen=True)
class Asked:
    """A schedule whose loss is asked for.

    Attributes:
        label: What tells it from the others.
        overrides: What to type for it; empty for a fixed rule.
        swept: The keys of those that sweep, in order.
        multipliers: The multiplier of every step.
        base_lr: What they multiply; None if the optimizer's settings do not tell.
    """

    label: str
    overrides: tuple[str, ...]
    swept: tuple[str, ...]
    multipliers: FloatArray
    base_lr: float | None

    @property
    def rates(self) -> FloatArray:
        """The learning rate of every step; the multiplier where nobody knows what it multiplies."""
        return (1.0 if self.base_lr is None else self.base_lr) * self.multipliers

    @property
    def is_rule(self) -> bool:
        """Whether it is a fixed rule, there for comparison."""
        return not self.overrides


def compose_asked(
    law: Law, overrides: Sequence[str], *, config_dir: Path | None = None, config_name: str = "config"
) -> list[Asked]:
    """Composes the schedules that are asked about.

    Args:
        law: The law; its steps and its peak stand in for `train.total_steps` and `optimizer.lr` where neither was typed
            and no file was named.
        overrides: As on the command line of `d9d_lr.train`.
        config_dir: A folder of the user's own.
        config_name: The primary config, such as a sweep file.

    Raises:
        ConfigError: If a schedule cannot be composed, or is one that the law cannot tell of.
    """
    typed = {override.partition("=")[0].lstrip("+") for override in overrides}
    bare = config_name == "config" and config_dir is None
    words = list(overrides)
    if bare:
        own = {_STEPS: f"{law.total_steps}", _BASE_LR: f"{law.reference_lr:.12g}"}
        words = [*(f"{key}={value}" for key, value in own.items() if key not in typed), *words]
    candidates = compose_candidates(words, config_dir=config_dir, config_name=config_name)
    typed_alone = " ".join(overrides) or "the default schedule"
    asked = [
        replace(
            one,
            label=one.label if one.swept else typed_alone,
            overrides=one.overrides or ("",),
            base_lr=law.reference_lr if one.base_lr is None else one.base_lr,
        )
        for one in candidates
    ]
    problems = {str(problem): problem for one in asked for problem in law.limits.problems(one.rates)}
    if problems:
        raise ConfigError(problems.values())
    return asked


def fixed_rules(law: Law, total_steps: int) -> list[Asked]:
    """Returns the fixed rules with the law's warmup and peak."""
    multipliers = {name: rule(total_steps, law.warmup_steps) for name, rule in FIXED_RULES.items()}
    return [Asked(name, (), (), values, law.reference_lr) for name, values in multipliers.items()]


def compose_candidates(
    overrides: Sequence[str], *, config_dir: Path | None = None, config_name: str = "config"
) -> list[Asked]:
    """Composes each point that a sweep with these words would run.

    Raises:
        ConfigError: With every problem of every point, each once.
    """
    problems: dict[str, Problem] = {}
    found: list[Asked] = []
    with open_application(config_dir, config_name) as application:
        points = points_of(application, overrides)
        labels = labels_of([point.changed for point in points])
        compose = PointComposer(GlobalHydra.instance().config_loader(), application.composed)
        settings: Settings | None = None
        for point, label in zip(points, labels, strict=True):
            try:
                with hydra_troubles(point.overrides):
                    composed = compose(point.overrides)
                if settings is None or not _only_the_schedule(point):
                    settings = resolve_settings(composed)
                found.append(_composed(composed, settings, point, label))
            except ConfigError as error:
                problems.update({str(problem): problem for problem in error.problems})
    if problems:
        raise ConfigError(problems.values())
    return found


def _only_the_schedule(point: Point) -> bool:
    """Whether a point differs from the others in its schedule alone, so that their other settings are valid for it."""
    return all(re.match(r"lr\b", key) for key in point.changed)


def _composed(composed: DictConfig, settings: Settings, point: Point, label: str) -> Asked:
    section = plain(composed["lr"], "lr")
    if not isinstance(settings.lr, PiecewiseConfig) or section.pop("_target_", None) is not None:
        raise ConfigError([Problem("lr._target_", "builds its schedule in torch, where no law sees it")])
    total_steps = settings.train.total_steps
    lr = resolve_lr(section, total_steps)
    return Asked(
        label=label or " ".join(point.overrides) or "the default schedule",
        overrides=point.overrides,
        swept=tuple(point.changed),
        multipliers=build_schedule(lr, total_steps).multipliers(np.arange(settings.train.last_step)),
        base_lr=None if isinstance(settings.optimizer, TargetConfig) else settings.optimizer.lr,
    )


def sweep_line(chosen: Sequence[Asked], config_dir: Path | None, config_name: str) -> str:
    """Returns the command that runs some schedules of one sweep, the swept keys advancing together.

    Args:
        chosen: The schedules; at least one.
        config_dir: The folder of configuration that they were composed with.
        config_name: The primary config.
    """
    words = ["python", "-m", "d9d_lr.train", *(["-cd", str(config_dir)] if config_dir else [])]
    words += ["-cn", config_name] if config_name != "config" else []
    words += ["-m"]
    swept = chosen[0].swept
    fixed = [override for override in chosen[0].overrides if override and _key(override) not in swept]
    columns = {key: [_value(one, key) for one in chosen] for key in swept}
    zipped = [f"sweep.zip=[[{','.join(swept)}]]"] if len(swept) > 1 else []
    return shlex.join([*words, *zipped, *fixed, *(f"{key}={','.join(values)}" for key, values in columns.items())])


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+")


def _value(one: Asked, key: str) -> str:
    return next(override.partition("=")[2] for override in reversed(one.overrides) if _key(override) == key)

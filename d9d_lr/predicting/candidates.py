"""The schedules that are asked about, written as on the command line of `d9d_lr.train`, sweeps included."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
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
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.sweeping.composer import PointComposer
from d9d_lr.sweeping.plan import Point, points_of
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.settings import Settings


@dataclass(frozen=True)
class Candidate:
    """A schedule whose loss is asked for.

    Attributes:
        label: What tells it from the others.
        overrides: What to type for it.
        swept: The keys that sweep, in order.
        multipliers: The multiplier of every step.
        base_lr: The optimizer's learning rate; None if its settings do not tell.
    """

    label: str
    overrides: tuple[str, ...]
    swept: tuple[str, ...]
    multipliers: FloatArray
    base_lr: float | None


def compose_candidates(
    overrides: Sequence[str], *, config_dir: Path | None = None, config_name: str = "config"
) -> list[Candidate]:
    """Composes each point that a sweep with these words would run.

    Raises:
        ConfigError: With every problem of every point, each once.
    """
    problems: dict[str, Problem] = {}
    found: list[Candidate] = []
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
                found.append(_candidate(composed, settings, point, label))
            except ConfigError as error:
                problems.update({str(problem): problem for problem in error.problems})
    if problems:
        raise ConfigError(problems.values())
    return found


def _only_the_schedule(point: Point) -> bool:
    """Whether a point differs from the others in its schedule alone, so that their other settings are valid for it."""
    return all(re.match(r"lr\b", key) for key in point.changed)


def _candidate(composed: DictConfig, settings: Settings, point: Point, label: str) -> Candidate:
    section = plain(composed["lr"], "lr")
    if not isinstance(settings.lr, PiecewiseConfig) or section.pop("_target_", None) is not None:
        raise ConfigError([Problem("lr._target_", "builds its schedule in torch, where no law sees it")])
    total_steps = settings.train.total_steps
    lr = resolve_lr(section, total_steps)
    return Candidate(
        label=label or " ".join(point.overrides) or "the default schedule",
        overrides=point.overrides,
        swept=tuple(point.changed),
        multipliers=build_schedule(lr, total_steps).multipliers(np.arange(settings.train.last_step)),
        base_lr=None if isinstance(settings.optimizer, TargetConfig) else settings.optimizer.lr,
    )

"""What is drawn: one schedule for each point of a sweep, and the keys that differ between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from d9d_lr.comparing.names import labels_of
from d9d_lr.composing.application import open_application
from d9d_lr.composing.own_application import PRIMARY, asked_schedules, length_of
from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.plain import plain
from d9d_lr.config.positions import free_position, positions_of
from d9d_lr.config.resolve_lr import ramp_of, resolve_lr
from d9d_lr.config.scheduler_fields import BATCH_SIZE, SCHEDULES
from d9d_lr.config.schedules import sections_of
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.sweeping.plan import Point, points_of
from d9d_lr.training.optimizers.settings import OptimizerConfig
from d9d_lr.training.plan import all_schedules, planned
from d9d_lr.training.resolve import resolve_settings

LR = "lr"


@dataclass(frozen=True)
class Series:
    """One schedule to draw.

    Attributes:
        label: The keys that differ between the schedules drawn together, with its values.
        config: The schedule as it is written.
        schedule: The schedule, resolved.
        base_lr: The optimizer's learning rate, or other value, which the schedule multiplies; None if it is not known.
        total_steps: Steps of the whole run.
        swept: The value of each swept key.
        free_position: Where a phase more could stand; None if it could not.
        key: What the section is called in the configuration.
        name: What is scheduled: `lr`, or whatever else by the name that it has below `schedules`.
    """

    label: str
    config: PiecewiseConfig
    schedule: Schedule
    base_lr: float | None
    total_steps: int
    swept: tuple[tuple[str, str], ...] = ()
    free_position: int | None = None
    key: str = LR
    name: str = LR


@dataclass(frozen=True)
class Asked:
    """What is to be drawn of an application of the user's own.

    Attributes:
        key: The schedule's key; None draws every schedule that there is.
        total_steps: The length of the run, or the key that holds it; None looks for it.
    """

    key: str | None = None
    total_steps: str | None = None


def compose_series(
    overrides: Sequence[str],
    *,
    config_dir: Path | None = None,
    config_name: str = PRIMARY,
    asked: Asked | None = None,
) -> list[Series]:
    """Composes what `python -m d9d_lr.train` would run with these words, one series for each point.

    Where the folder holds an application of the user's own, its configuration is composed in place of the
    entrypoint's.

    Args:
        overrides: What is typed; values with commas, `range(...)`, `choice(...)` and `glob(...)` are swept.
        config_dir: A folder of the user's own.
        config_name: The primary config; the `hydra.sweeper.params` of a sweep file are swept too.
        asked: What is to be drawn of an application of the user's own.

    Raises:
        ConfigError: With every problem of every point, each once.
    """
    series: list[Series] = []
    problems: dict[str, Problem] = {}
    with open_application(config_dir, config_name, may_be_own=True) as application:
        points = points_of(application, overrides)
        for point, label in zip(points, labels_of([point.changed for point in points]), strict=True):
            try:
                composed = application.compose(point.overrides)
                named = label or _title(overrides)
                if application.is_own:
                    series += _own(composed, point, named, asked or Asked())
                else:
                    series += _series(composed, point, named)
            except ConfigError as error:
                for problem in error.problems:
                    problems.setdefault(str(problem), problem)
    if problems:
        raise ConfigError(problems.values())
    return series


def _series(composed: DictConfig, point: Point, label: str) -> list[Series]:
    settings = resolve_settings(composed)
    plan = planned(settings)
    if isinstance(settings.lr, TargetConfig):
        hint = "d9d_lr.visualize_lr_scheduler(factory, num_steps, init_lr) draws any torch scheduler"
        raise ConfigError([Problem("lr._target_", f"{settings.lr.target} builds its schedule in torch", hint)])
    lr, others = plain(composed[LR], LR), all_schedules(settings)
    sections = {LR: lr, **sections_of(composed.get(SCHEDULES, {}))}
    keys = {name: name if name == LR else f"{SCHEDULES}.{name}" for name in sections}
    if BATCH_SIZE in others and BATCH_SIZE not in sections:
        sections[BATCH_SIZE], keys[BATCH_SIZE] = ramp_of(lr), f"{LR}.{BATCH_SIZE}"
    positions = {name: positions_of(section) for name, section in sections.items()}
    schedule, total_steps = plan.schedule(positions[LR]), settings.train.total_steps
    assert schedule is not None, "it is one of ours"
    found = {
        LR: (settings.lr.without_ramp(), schedule, _base_lr(settings.optimizer)),
        **{name: (others[name], one, plan.base_of(name)) for name, one in plan.others(positions).items()},
    }
    return [
        Series(
            label=label,
            config=config,
            schedule=one,
            free_position=free_position(sections[name]),
            base_lr=base,
            total_steps=total_steps,
            swept=tuple(point.changed.items()),
            key=keys[name],
            name=name,
        )
        for name, (config, one, base) in found.items()
    ]


def _base_lr(optimizer: OptimizerConfig | TargetConfig) -> float | None:
    if not isinstance(optimizer, TargetConfig):
        return optimizer.lr
    lr = optimizer.arguments.get("lr")
    return float(lr) if isinstance(lr, int | float) else None


def _own(composed: DictConfig, point: Point, label: str, asked: Asked) -> list[Series]:
    """Returns the schedules of an application that knows its optimizers only in its code."""
    keys = asked_schedules(composed, asked.key)
    total_steps = length_of(composed, asked.total_steps)
    series = []
    for key in keys:
        section = plain(OmegaConf.select(composed, key), key)
        of_several = {"schedule": key} if len(keys) > 1 else {}
        config = resolve_lr(section, total_steps, key=key)
        series.append(
            Series(
                label=f"{key} {label}" if of_several else label,
                config=config,
                schedule=build_schedule(config, total_steps, positions=positions_of(section)),
                free_position=free_position(section),
                base_lr=None,
                total_steps=total_steps,
                swept=tuple({**of_several, **point.changed}.items()),
                key=key,
            )
        )
    return series


def _title(overrides: Sequence[str]) -> str:
    return " ".join(overrides) if overrides else "the default schedule"

"""The compose boundary for the training entrypoint: a composed configuration goes in, `Settings` come out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from omegaconf import DictConfig, OmegaConf
from pydantic import ValidationError

from d9d_lr.composing.targets import TargetConfig, bind_target, packaged_values, split_target
from d9d_lr.config.base import Base
from d9d_lr.config.models import PiecewiseConfig, PiecewiseSchedulerConfig
from d9d_lr.config.plain import marked, plain
from d9d_lr.config.resolve_lr import apart, resolve_lr
from d9d_lr.diagnostics.explain import validated
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean
from d9d_lr.sweeping.settings import resolve_sweep
from d9d_lr.tracking.settings import GIVEN_TO_TRACKERS, TrackerConfig
from d9d_lr.training.length import with_total_steps
from d9d_lr.training.optimizers.settings import OptimizerConfig
from d9d_lr.training.scheduled import (
    Written,
    read_schedules,
    refuse_beside,
    resolve_schedules,
    shares_of_any_length,
)
from d9d_lr.training.settings import Settings, TrainConfig
from d9d_lr.training.tasks.samples import samples_per_epoch
from d9d_lr.training.tasks.settings import TaskConfig

REQUIRED = ("lr", "optimizer", "task", "train")
SECTIONS = (*REQUIRED, "schedules", "sweep", "tracker")


_SCHEDULE_FIELDS = tuple(PiecewiseSchedulerConfig.model_fields)

T = TypeVar("T")
M = TypeVar("M", bound=Base)


class Collector:
    """Runs several checks and keeps the problems of all of them."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def __call__(self, check: Callable[[], T]) -> T | None:
        """Returns what a check returns, or None if it found problems."""
        try:
            return check()
        except ConfigError as error:
            self.problems.extend(error.problems)
            return None


class _Packaged(Base):
    """Lets a union be validated like a model, under the key of its section."""

    optimizer: OptimizerConfig | None = None
    task: TaskConfig | None = None
    tracker: TrackerConfig | None = None


def resolve_settings(config: DictConfig) -> Settings:
    """Validates the whole configuration, the schedule against `train.total_steps` included.

    Args:
        config: What Hydra composed, with or without its `hydra` section.

    Returns:
        The validated, frozen settings.

    Raises:
        ConfigError: With every problem of every section.
    """
    collect = Collector()
    sections = _sections(config, collect)
    for name in set(REQUIRED) - set(map(str, config)):
        sections[name] = {}
    train = collect(lambda: _train(sections)) if "train" in sections else None
    if "lr" in sections:
        collect(lambda: sections.update(lr=_with_epochs(sections)))
    written = collect(lambda: read_schedules(sections.get("schedules", {}), sections.get("lr", {}), train))
    written = written or Written({})
    lr = collect(lambda: _lr(sections["lr"], train, written)) if "lr" in sections else None
    optimizer, task = (
        collect(partial(_packaged_or_target, sections[name], name, default)) if name in sections else None
        for name, default in (("optimizer", "adamw"), ("task", "charlm"))
    )
    schedules = collect(lambda: resolve_schedules(written, train, optimizer))
    collect(lambda: resolve_sweep(sections.get("sweep", {})))
    tracker = collect(lambda: _tracker(sections.get("tracker", {"name": "none"})))
    if collect.problems:
        raise ConfigError(collect.problems)
    found = {"lr": lr, "optimizer": optimizer, "task": task, "train": train, "tracker": tracker}
    return Settings.model_validate({**found, "schedules": schedules})


def _sections(config: DictConfig, collect: Collector) -> dict[str, Any]:
    sections: dict[str, Any] = {}
    for name in map(str, config):
        if name in SECTIONS:
            section = collect(partial(_section, config, name))
            if section is not None:
                sections[name] = section
        elif name != "hydra":
            message = f"unknown section; there are {', '.join(SECTIONS)}"
            hint = "start the file with: # @package _global_" if name == "experiment" else did_you_mean(name, SECTIONS)
            collect.problems.append(Problem(name, message, hint, misplaced=True))
    return sections


def _section(config: DictConfig, name: str) -> dict[str, Any]:
    if OmegaConf.is_missing(config, name):
        raise ConfigError([Problem(name, "must be set; it is ??? (mandatory) in the configuration")])
    return marked(config[name], name)


def _train(sections: Mapping[str, Any]) -> TrainConfig:
    section, lr = sections["train"], sections.get("lr", {})
    shares = partial(shares_of_any_length, sections.get("schedules", {}), lr, section.get("batch_size"))
    return validated(TrainConfig, with_total_steps(section, lr, shares), "train")


def _with_epochs(sections: Mapping[str, Any]) -> dict[str, Any]:
    """Returns `lr` with how many examples the task has, where a phase is in epochs and nothing says how long one is."""
    section: dict[str, Any] = sections["lr"]
    nested = section.get("scheduler")
    scheduler = nested if isinstance(nested, Mapping) else section
    known = any(scheduler.get(name) is not None for name in ("steps_per_epoch", "samples_per_epoch"))
    if known or "task" not in sections or not _in_epochs([section, sections.get("schedules", {})]):
        return section
    found = _valid_task(sections["task"])
    filled = {**scheduler, "samples_per_epoch": None if found is None else samples_per_epoch(found)}
    return {**section, "scheduler": filled} if scheduler is nested else filled


def _in_epochs(node: Any) -> bool:
    if isinstance(node, Mapping):
        return node.get("epochs") is not None or any(map(_in_epochs, node.values()))
    return isinstance(node, list) and any(map(_in_epochs, node))


def _valid_task(section: Mapping[str, Any]) -> TaskConfig | None:
    """Returns the settings of a packaged task; None where it is user-defined, or wrong, which is reported elsewhere."""
    target, rest = split_target(section)
    if target is not None:
        return None
    try:
        return _Packaged.model_validate({"task": rest}).task
    except ValidationError:
        return None


def _lr(section: Mapping[str, Any], train: TrainConfig | None, written: Written) -> PiecewiseConfig | TargetConfig:
    target, rest = split_target(section)
    if target is not None:
        refuse_beside(str(target), written)
        target, rest = split_target(plain(section, "lr"))
        return bind_target(str(target), rest, {name: rest.get(name) for name in ("name", *_SCHEDULE_FIELDS)}, "lr")
    shares = written.batch.counted_with() if written.batch else None
    without, ramp = apart(rest)
    fits = train is not None and (ramp is None or shares is not None)  # else it is known already that the ramp does not
    found = resolve_lr(without, train.total_steps if train and fits else None, batch=shares)
    return found if written.ramp is None else found.with_ramp(written.ramp)


def _packaged_or_target(section: Mapping[str, Any], key: str, default: str) -> Any:
    target, rest = split_target(section)
    if target is not None:
        target, rest = split_target(plain(section, key))
        return bind_target(str(target), rest, packaged_values(key, rest.get("name")), key)
    if not rest:
        message = "is missing; it must be the dotted path of a callable, such as my_project.MyClass"
        raise ConfigError([Problem(f"{key}._target_", message, f"for a packaged one, type {key}={default}")])
    return getattr(validated(_Packaged, {key: rest}, ""), key)


def _tracker(section: Mapping[str, Any]) -> TrackerConfig | TargetConfig | None:
    target, rest = split_target(section)
    if target is None:
        return validated(_Packaged, {"tracker": rest or {"name": "none"}}, "").tracker
    target, rest = split_target(plain(section, "tracker"))
    packaged = packaged_values("tracker", rest.get("name"))
    return bind_target(str(target), rest, packaged, "tracker", given=GIVEN_TO_TRACKERS)

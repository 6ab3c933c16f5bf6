"""Checking every point of a sweep as its job would, before the first one starts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, open_dict
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.sweeping.composer import Compose
from d9d_lr.sweeping.plan import Point
from d9d_lr.tracking.open import check_installed
from d9d_lr.training.resolve import fingerprint, resolve_settings
from d9d_lr.training.settings import Settings
from d9d_lr.training.tasks.settings import CharLMConfig


@dataclass(frozen=True)
class CheckedPoint:
    """A point that can run.

    Attributes:
        point: The point.
        settings: Its validated settings.
        fingerprint: What it computes; see `d9d_lr.training.resolve.fingerprint`.
        same_as: The folder of an earlier point that computes the same; None if there is none.
    """

    point: Point
    settings: Settings
    fingerprint: str
    same_as: str | None


@dataclass(frozen=True)
class BadPoint:
    """A point that cannot run, and why."""

    point: Point
    problems: tuple[Problem, ...]


def check_points(points: Sequence[Point], compose: Compose) -> tuple[list[CheckedPoint], list[BadPoint]]:
    """Composes and validates every point.

    Args:
        points: The points.
        compose: What Hydra would do for a job.

    Returns:
        The points that can run, and those that cannot.
    """
    good: list[CheckedPoint] = []
    bad: list[BadPoint] = []
    first: dict[str, str] = {}
    for point in points:
        try:
            settings = _settings(point, compose)
        except ConfigError as error:
            bad.append(BadPoint(point, error.problems))
            continue
        mark = fingerprint(settings)
        good.append(CheckedPoint(point, settings, mark, first.get(mark)))
        first.setdefault(mark, point.folder)
    return good, bad


def _settings(point: Point, compose: Compose) -> Settings:
    try:
        config = compose(point.overrides)
    except (HydraException, OmegaConfBaseException, TypeError, ValueError) as error:
        raise ConfigError(explain_hydra(error, point.overrides)) from error
    with open_dict(config):
        config.hydra.job.id, config.hydra.job.num = str(point.number), point.number
    with _as_in_job(config):
        settings = resolve_settings(config)
    _check_files(settings)
    return settings


def _check_files(settings: Settings) -> None:
    """Looks for what every job needs wherever it runs; a device is not looked for, since jobs may run elsewhere."""
    check_installed(settings.tracker)
    if isinstance(settings.task, CharLMConfig) and settings.task.text_file is not None:
        text_file = Path(settings.task.text_file)
        if not text_file.is_file():
            raise ConfigError([Problem("task.text_file", f"there is no file {text_file}")])
    resume = settings.train.resume
    if resume not in ("auto", "never") and not Path(resume).exists():
        raise ConfigError([Problem("train.resume", f"there is no file or folder {resume}")])


@contextmanager
def _as_in_job(config: DictConfig) -> Iterator[None]:
    """Lets `${hydra:...}` in a configuration mean what it will mean in the job."""
    holder = HydraConfig.instance()
    before = holder.cfg
    holder.set_config(config)
    try:
        yield
    finally:
        holder.cfg = before

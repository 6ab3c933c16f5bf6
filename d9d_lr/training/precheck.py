"""Refusing what cannot run before Hydra makes, or writes into, a run folder: a single run, a point of a sweep."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from hydra.experimental.callback import Callback
from numpy.typing import ArrayLike, NDArray
from omegaconf import DictConfig

from d9d_lr.composing.cli import Refusal
from d9d_lr.composing.overrides import check_single_run
from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.schedule.piecewise import Schedule, boundaries
from d9d_lr.sweeping.checker import Rates, RunPreview
from d9d_lr.sweeping.tree import Course
from d9d_lr.tracking.open import check_installed
from d9d_lr.training.fingerprint import family_fingerprint, settings_fingerprint
from d9d_lr.training.plan import planned
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.settings import Settings
from d9d_lr.training.tasks.settings import CharLMConfig


class CheckBeforeRun(Callback):
    """Checks a single run; Hydra calls it before the folder of the run exists."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Ends the run, with everything that is wrong, if it cannot start."""
        try:
            check_single_run(config, sys.argv[1:])
            settings = resolve_settings(config)
            check_installed(settings.tracker)

            from d9d_lr.training.environment import check_environment

            check_environment(settings, Path(config.hydra.run.dir))
        except (ConfigError, RunError, OSError) as error:
            raise Refusal(error) from None


def check_point(config: DictConfig) -> RunPreview:
    """Checks a point of a sweep before the first one starts: the entrypoint's `hydra.sweeper.check`.

    A device is not looked for, since jobs may run elsewhere.

    Raises:
        ConfigError: If it cannot run.
    """
    settings = resolve_settings(config)
    _check_files(settings)
    total_steps = settings.train.total_steps
    columns = {"phase boundaries": _boundaries(settings), "total steps": str(total_steps)}
    course, rates = _course(settings), _rates(settings)
    return RunPreview(settings_fingerprint(settings), total_steps, columns, course, rates)


def _course(settings: Settings) -> Course | None:
    """Returns what a run does from step to step; a provider or a task of the user's own may do anything."""
    if not isinstance(settings.lr, PiecewiseConfig) or isinstance(settings.task, TargetConfig):
        return None
    plan, total_steps = planned(settings), settings.train.total_steps
    schedule, others = plan.schedule(), plan.others()
    assert schedule is not None, "it is a schedule of ours"
    family = family_fingerprint(settings)
    if not others:
        return Course(family, schedule.multipliers, total_steps)
    names = sorted(others)
    ordered = [schedule, *(others[name] for name in names)]
    return Course(f"{family} {' '.join(names)}", partial(_together, ordered), total_steps)


def _together(schedules: Sequence[Schedule], steps: ArrayLike) -> NDArray[np.float64]:
    """Returns for each step a number that two runs share, as bits, exactly where all of their values agree."""
    rows = np.stack([schedule.multipliers(steps) for schedule in schedules], axis=1)
    hashes = b"".join(hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
    return np.frombuffer(hashes, dtype=np.float64)


def _rates(settings: Settings) -> Rates | None:
    """Returns what gives the learning rate of every step; None where it is built in torch."""
    optimizer, plan, total_steps = settings.optimizer, planned(settings), settings.train.total_steps
    base = optimizer.arguments.get("lr") if isinstance(optimizer, TargetConfig) else optimizer.lr
    schedule = plan.schedule()
    if schedule is None or not isinstance(base, int | float):
        return None
    return lambda: base * schedule.multipliers(np.arange(total_steps))


def _check_files(settings: Settings) -> None:
    """Looks for what every job needs wherever it runs."""
    check_installed(settings.tracker)
    if isinstance(settings.task, CharLMConfig) and settings.task.text_file is not None:
        text_file = Path(settings.task.text_file)
        if not text_file.is_file():
            raise ConfigError([Problem("task.text_file", f"there is no file {text_file}")])
    resume = settings.train.resume
    if resume not in ("auto", "never") and not Path(resume).exists():
        raise ConfigError([Problem("train.resume", f"there is no file or folder {resume}")])


def _boundaries(settings: Settings) -> str:
    schedule = planned(settings).schedule()
    if schedule is None:
        return f"({getattr(settings.lr, 'target', '')})"
    return " ".join(map(str, boundaries(schedule.phases)))

"""What a sweep is told of each of its points before the first one starts: that it can run, and what it will do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from omegaconf import DictConfig

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.advice import advice_for
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.piecewise import Schedule, boundaries
from d9d_lr.sweeping.checker import Judged, Rates, RunPreview
from d9d_lr.tracking.open import check_installed
from d9d_lr.training.course import course_of
from d9d_lr.training.fingerprint import digest, essential, settings_fingerprint
from d9d_lr.training.plan import all_schedules, planned
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.settings import Settings
from d9d_lr.training.stage import stage_at
from d9d_lr.training.tasks.settings import CharLMConfig


def previewed(config: DictConfig) -> RunPreview:
    """Returns what is known of a run, of which all is looked at but its device: it may run elsewhere.

    Raises:
        ConfigError: If it cannot run.
    """
    settings = resolve_settings(config)
    _check_files(settings)
    schedule = planned(settings).schedule()
    total_steps = settings.train.total_steps
    stopped = f", {settings.train.stop_after} done" if settings.train.stop_after else ""
    course, unknown = course_of(settings, schedule)
    columns = {"phase boundaries": _boundaries(settings, schedule), "total steps": f"{total_steps}{stopped}"}
    return RunPreview(
        settings_fingerprint(settings),
        total_steps,
        columns,
        course=course,
        unknown=unknown,
        rates=_rates(settings, schedule),
        advice=_advice(schedule),
        judged=_judged(settings, schedule),
    )


def _rates(settings: Settings, schedule: Schedule | None) -> Rates | None:
    """Returns what gives the learning rate of every step; None where torch builds it, or it is not all that counts."""
    optimizer, last_step = settings.optimizer, settings.train.last_step
    base = optimizer.arguments.get("lr") if isinstance(optimizer, TargetConfig) else optimizer.lr
    if schedule is None or not isinstance(base, int | float) or all_schedules(settings):
        return None
    return lambda: base * schedule.multipliers(np.arange(last_step))


def _judged(settings: Settings, schedule: Schedule | None) -> Judged | None:
    """Returns what says with which runs this one can be compared: of one task, and as far down with the rate."""
    if schedule is None:
        return None
    train = settings.train

    def judged(step: int) -> str | None:
        if step >= train.last_step or step % train.eval_every:
            return None
        stage = stage_at(schedule, step, train.total_steps)
        return stage and f"{digest(essential(settings.task))}, {stage}"

    return judged


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


def _boundaries(settings: Settings, schedule: Schedule | None) -> str:
    if schedule is None:
        return f"({getattr(settings.lr, 'target', '')})"
    return " ".join(map(str, boundaries(schedule.phases)))


def _advice(schedule: Schedule | None) -> tuple[str, ...]:
    """Returns what is worth saying of many runs at once: that step 0 learns nothing."""
    found = advice_for(schedule) if schedule else []
    above = "lr/warmup has options that begin above 0, such as linear_1_over_w"
    return tuple(f"advice: {advice.message}; {above}" for advice in found if advice.kind == "first_step_zero")

"""What a run does from step to step, as far as that is known: before it starts, and of a checkpoint that it left."""

from __future__ import annotations

import hashlib

import numpy as np

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.sweeping.tree import Course
from d9d_lr.training.fingerprint import digest, family_fingerprint
from d9d_lr.training.settings import Settings


def course_of(settings: Settings) -> Course | None:
    """Returns what a run does from step to step; None where nobody can say.

    A provider or a task of the user's own may do anything, a run that begins from the checkpoint of another one has a
    past of its own, and schedules beside the learning rate's are not compared.
    """
    train = settings.train
    if not isinstance(settings.lr, PiecewiseConfig) or isinstance(settings.task, TargetConfig) or settings.schedules:
        return None
    if train.resume not in ("auto", "never"):
        return None
    values = build_schedule(settings.lr, train.total_steps).multipliers
    return Course(family_fingerprint(settings), values, train.total_steps)


def history_fingerprint(
    settings: Settings, lr: PiecewiseConfig | TargetConfig, total_steps: int, step: int, environment: list[object]
) -> str:
    """Returns a hash of all that a run did in its first steps: two runs that share it are one up to there.

    Args:
        settings: What it was made under.
        lr: The schedule that it followed; under `train.on_schedule_change=keep` not that of the settings.
        total_steps: Steps of the run that the schedule was made for.
        step: The number of steps.
        environment: What else decides the last bit: versions, device, threads.

    Returns:
        The hash; empty where nobody can say what the run did.
    """
    if not isinstance(lr, PiecewiseConfig) or isinstance(settings.task, TargetConfig) or settings.schedules:
        return ""
    values = np.asarray(build_schedule(lr, total_steps).multipliers(np.arange(step)), dtype=np.float64)
    return digest([family_fingerprint(settings), hashlib.sha256(values.tobytes()).hexdigest(), step, environment])

"""What a run does from step to step, as far as that is known: before it starts, and of a checkpoint that it left."""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.sweeping.tree import Course
from d9d_lr.training.fingerprint import digest, family_fingerprint
from d9d_lr.training.own_parts import Values, codes_of, multipliers_of, unpromised
from d9d_lr.training.plan import SchedulePlan, planned
from d9d_lr.training.settings import Settings


def course_of(settings: Settings, schedule: Schedule | None) -> tuple[Course | None, str]:
    """Returns what a run does from step to step; None where nobody can say, and why.

    Parts of the user's own may do anything, but for those that say what they do; see `d9d_lr.training.own_parts`. A run
    that begins from the checkpoint of another one has a past of its own.

    Args:
        settings: The settings.
        schedule: Their resolved schedule; None for a provider of the user's own.
    """
    plan, train = planned(settings), settings.train
    if train.resume not in ("auto", "never"):
        return None, "train.resume names a checkpoint to go on from"
    values, unknown = _values(schedule, plan)
    if values is None or (unknown := unpromised(settings)):
        return None, unknown
    return Course(_family(settings, plan), values, train.last_step, train.on_the_way), ""


def history_fingerprint(settings: Settings, plan: SchedulePlan, step: int, environment: list[object]) -> str:
    """Returns a hash of all that a run did in its first steps: two runs that share it are one up to there.

    Args:
        settings: What it was made under.
        plan: The schedules that it followed; under `train.on_schedule_change=keep` not those of the settings.
        step: The number of steps.
        environment: What else decides the last bit: versions, device, threads.

    Returns:
        The hash; empty where nobody can say what the run did.
    """
    values, _ = _values(plan.schedule(), plan)
    beyond = isinstance(plan.lr, TargetConfig) and step > plan.total_steps  # it was asked about its own steps alone
    if values is None or beyond or unpromised(settings):
        return ""
    bits = np.asarray(values(np.arange(step)), dtype=np.float64).tobytes()
    return digest([_family(settings, plan), hashlib.sha256(bits).hexdigest(), step, environment])


def _family(settings: Settings, plan: SchedulePlan) -> str:
    """Returns what runs share that do the same wherever their values agree: the values are of the same things."""
    own, provider = family_fingerprint(settings), plan.lr.target if isinstance(plan.lr, TargetConfig) else None
    if codes := codes_of(settings):
        own = digest([own, provider, codes])
    return digest([own, sorted(plan.schedules)]) if plan.schedules else own


def _values(schedule: Schedule | None, plan: SchedulePlan) -> tuple[Values | None, str]:
    """Returns the multiplier of each step; with several schedules, a number that agrees where all of them do.

    Returns:
        None, and why, for a provider of the user's own that does not say.
    """
    if isinstance(plan.lr, TargetConfig):
        return multipliers_of(plan.lr, plan.total_steps)
    assert schedule is not None
    others = plan.others()
    if not others:
        return schedule.multipliers, ""
    ordered = [schedule, *(others[name] for name in sorted(others))]

    def together(steps: ArrayLike) -> NDArray[np.float64]:
        rows = np.stack([one.multipliers(steps) for one in ordered], axis=1)
        hashes = (hashlib.blake2b(row.tobytes(), digest_size=8).digest() for row in rows)
        return np.frombuffer(b"".join(hashes), dtype=np.float64)

    return together, ""

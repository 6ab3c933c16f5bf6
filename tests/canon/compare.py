"""A preset beside its source, step for step.

The file is read without Hydra, which takes longer than the comparison; another test composes every file.
"""

import functools

import numpy as np
from omegaconf import OmegaConf

from d9d_lr import build_schedule
from d9d_lr.composing.paths import SCHEDULES_DIR
from d9d_lr.config.resolve_lr import resolve_lr
from d9d_lr.schedule.piecewise import boundaries


@functools.cache
def config_of(name, case):
    """A preset as it is written, with what a case types."""
    content = OmegaConf.load(SCHEDULES_DIR / "lr" / f"{name}.yaml")
    composed = OmegaConf.merge({"lr": content}, OmegaConf.from_dotlist(list(case.overrides)))
    return resolve_lr(composed.lr)


@functools.cache
def schedule_of(name, case):
    """The schedule of a preset in the run of a case."""
    return build_schedule(config_of(name, case), case.total_steps)


@functools.cache
def greatest_difference(name, case):
    """The greatest difference between a preset and its source over the steps of a run, of the multiplier."""
    schedule = schedule_of(name, case)
    near = {edge + offset for edge in boundaries(schedule.phases) for offset in (-1, 0, 1)}
    steps = sorted(step for step in {*case.steps, *near} if 0 <= step < case.total_steps)
    theirs = np.array([case.expected(step) for step in steps])
    return float(np.max(np.abs(schedule.multipliers(steps) - theirs)))

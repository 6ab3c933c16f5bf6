"""A preset beside its source, step for step.

The file is read without Hydra, which takes longer than the comparison; another test composes every file.
"""

import functools
from fractions import Fraction

import numpy as np
from omegaconf import OmegaConf

from canon.cases import PRESETS
from d9d_lr import build_schedule
from d9d_lr.composing.paths import SCHEDULES_DIR
from d9d_lr.config.batch_sizes import build_batch_sizes
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
def batch_sizes_of(name, case):
    """The batch sizes of a preset in the run of a case, as shares of a full batch."""
    return build_batch_sizes(config_of(name, case).ramp, case.total_steps, 4096)


def batches_that_differ(name):
    """The steps, of those around every change on either side and some between, whose batch is not the source's."""
    preset, (case,) = PRESETS[name], PRESETS[name].cases
    sizes = batch_sizes_of(name, case)
    edges = [*boundaries(sizes.schedule.phases), *(step for step in case.steps[1:])]
    steps = {edge + offset for edge in edges for offset in (-1, 0, 1)}
    theirs = {step: Fraction(preset.batch(step)) / Fraction(preset.full_batch) for step in steps if step >= 0}
    return [
        step for step, share in theirs.items() if Fraction(sizes.size(step), 4096) != share and step < case.total_steps
    ]


@functools.cache
def greatest_difference(name, case):
    """The greatest difference between a preset and its source over the steps of a run, of the multiplier."""
    schedule = schedule_of(name, case)
    near = {edge + offset for edge in boundaries(schedule.phases) for offset in (-1, 0, 1)}
    steps = sorted(step for step in {*case.steps, *near} if 0 <= step < case.total_steps)
    theirs = np.array([case.expected(step) for step in steps])
    return float(np.max(np.abs(schedule.multipliers(steps) - theirs)))

"""A preset beside its source, step for step."""

import numpy as np

from d9d_lr import build_schedule, compose_lr


def schedule_of(name, case):
    """The schedule of a preset in the run of a case."""
    return build_schedule(compose_lr([f"lr={name}", *case.overrides], case.total_steps), case.total_steps)


def greatest_difference(name, case):
    """The greatest difference between a preset and its source over the steps of a run, of the multiplier."""
    ours = schedule_of(name, case).multipliers(case.steps)
    theirs = np.array([case.expected(step) for step in case.steps])
    return float(np.max(np.abs(ours - theirs)))

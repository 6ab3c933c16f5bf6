"""The learning rate between the logged steps of a run, from the schedule that it saved."""

from __future__ import annotations

import numpy as np

from d9d_lr.reporting.run_curves import Curve
from d9d_lr.schedule.piecewise import Schedule

_AGREE = 1e-9  # relative: rounding, and nothing else


def with_phase_ends(logged: Curve, schedule: Schedule | None) -> Curve:
    """Adds the ends of the phases to a logged learning rate, so that its line turns where the schedule does.

    A run that logs every 10 steps shows a warmup of 5 steps as one of 10. Nothing is added where the schedule does not
    give every logged value, as after a schedule that changed on the way.

    Args:
        logged: The learning rate as it was logged.
        schedule: What the run followed; None if that is unknown.
    """
    steps, values = np.array(logged[0], dtype=np.int64), np.array(logged[1])
    if schedule is None or len(steps) == 0:
        return logged
    multipliers = schedule.multipliers(steps)
    largest = int(np.argmax(np.abs(multipliers)))
    if multipliers[largest] == 0:
        return logged
    base = values[largest] / multipliers[largest]
    if not np.allclose(multipliers * base, values, rtol=_AGREE, atol=0):
        return logged
    missing = _turns(schedule) - set(logged[0])
    added = np.array(sorted(step for step in missing if steps[0] < step < steps[-1]), dtype=np.int64)
    where = np.searchsorted(steps, added)
    whole = np.insert(values, where, schedule.multipliers(added) * base)
    return tuple(np.insert(steps, where, added).tolist()), tuple(whole.tolist())


def _turns(schedule: Schedule) -> set[int]:
    """Returns where each phase ends, and the step before a jump, so that it stays upright."""
    phases = schedule.phases
    jumps = {phase.end_step - 1 for phase in phases if phase.start_step == phase.end_step}
    return jumps | {phase.end_step for phase in phases}

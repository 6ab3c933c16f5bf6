"""What of a schedule a run is in at a step, as far as its loss can be compared with that of another run there."""

from __future__ import annotations

import numpy as np

from d9d_lr.schedule.piecewise import Schedule


def stage_at(schedule: Schedule, step: int, total_steps: int) -> str | None:
    """Returns a text that schedules share whose losses can be compared at a step; None during the way up.

    A high learning rate hides progress that shows when it falls: a run in its decay is ahead of one in its hold that
    will end below it (arXiv:2405.18392 for cooldowns, arXiv:2410.05192 for why). So those are compared whose learning
    rate has come down to the same tenth of its peak.

    Args:
        schedule: The schedule.
        step: The step.
        total_steps: Steps of the run.
    """
    values = np.asarray(schedule.multipliers(np.arange(total_steps)))
    peak = int(values.argmax())
    if step < peak or values[peak] <= 0:
        return None
    return f"{min(9, int(10 * values[step] / values[peak]))} tenths of its peak"

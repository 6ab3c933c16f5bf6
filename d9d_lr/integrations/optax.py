"""optax and JAX: a schedule that can be traced.

optimizer = optax.adamw(to_optax(build_schedule(config, 1000), base_lr=0.003))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.curves import CurveCosine, CurveExponential, CurveLinear, CurvePoly
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase

_LEVEL = (CurveLinear, CurveCosine, CurvePoly, CurveExponential)
"""Curves that stay where they are if the target is where they start."""

MAX_TABLE = 2**24
"""Steps of changing phases that a table may hold: 64 MiB."""


def to_optax(schedule: Schedule, base_lr: float = 1.0) -> Callable[[Any], Any]:
    """Returns an optax schedule: from a step, traced or not, to base_lr * m(step).

    The values are looked up and not computed, so they are those of the schedule, rounded once to float32, under `jit`
    and on every device. A phase in which the multiplier changes takes 4 bytes for each of its steps, one in which it
    does not takes 4.

    Args:
        schedule: The resolved schedule.
        base_lr: What the multipliers are multiplied with.

    Raises:
        ConfigError: If the changing phases last more than 2**24 steps, about 17 million, or all of them 2**31.
    """
    phases = [phase for phase in schedule.phases if phase.end_step > phase.start_step]
    lengths = [_table_length(phase) for phase in phases]
    if sum(lengths) > MAX_TABLE:
        message = f"the phases in which the multiplier changes last {sum(lengths)} steps; a table holds {MAX_TABLE}"
        raise ConfigError([Problem("phases", message)])
    steps = [phase.start_step + np.arange(length) for phase, length in zip(phases, lengths, strict=True)]
    after = schedule.phases[-1].end_step
    if after >= 2**31:
        raise ConfigError([Problem("phases", f"they end at step {after}; optax counts in int32, to {2**31 - 1}")])
    table = np.asarray(base_lr * schedule.multipliers(np.concatenate([*steps, [after], [-1]])), dtype=np.float32)
    # For t < 0 the initial multiplier, the last of the table; after the end the one before it.
    start = jnp.asarray([0, *(phase.start_step for phase in phases), after], dtype=jnp.int32)
    first = jnp.asarray([len(table) - 1, *np.cumsum([0, *lengths])], dtype=jnp.int32)
    stride = jnp.asarray([0, *(length > 1 for length in lengths), 0], dtype=jnp.int32)
    bounds, values = start[1:], jnp.asarray(table)

    def value(step: Any) -> Any:
        count = jnp.asarray(step, dtype=jnp.int32)
        index = jnp.searchsorted(bounds, count, side="right")
        return values[first[index] + stride[index] * (count - start[index])]

    return value


def _table_length(phase: SchedulePhase) -> int:
    """One entry where the multiplier does not change."""
    level = phase.start_multiplier == phase.target_multiplier and phase.laid_over is None
    return 1 if level and isinstance(phase.curve, _LEVEL) else phase.end_step - phase.start_step

"""A schedule as its values, one for each step of the run."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np

from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.curve_base import FloatArray
from d9d_lr.schedule.piecewise import Schedule

_ROWS = 65_536


def csv_lines(
    schedule: Schedule, base_lr: float | None, last_step: int, batch: BatchSizes | None = None
) -> Iterator[str]:
    """Yields a table of text: the step, its multiplier, its learning rate where a base is known, and its batch.

    Every number has as many digits as tell it apart, so it is read back to the last bit.

    Args:
        schedule: The schedule.
        base_lr: What it multiplies; None if that is not known.
        last_step: How many steps there are.
        batch: The batch size of every step; None where it is not scheduled.
    """
    yield f"step,multiplier{'' if base_lr is None else ',lr'}{'' if batch is None else ',batch_size'}\n"
    for first in range(0, last_step, _ROWS):
        steps = np.arange(first, min(first + _ROWS, last_step))
        multipliers = schedule.multipliers(steps)
        columns = [steps.tolist(), multipliers.tolist()]
        if base_lr is not None:
            columns.append((base_lr * multipliers).tolist())
        if batch is not None:
            columns.append([batch.size(step) for step in columns[0]])
        yield "".join(f"{','.join(map(repr, row))}\n" for row in zip(*columns, strict=True))


def greatest_difference(schedule: Schedule, other: Schedule, last_step: int) -> float:
    """Returns the greatest difference between the multipliers of two schedules."""
    found = 0.0
    for first in range(0, last_step, _ROWS):
        steps = np.arange(first, min(first + _ROWS, last_step))
        found = max(found, float(np.max(np.abs(schedule.multipliers(steps) - other.multipliers(steps)))))
    return found


def table_bytes(schedule: Schedule, base_lr: float | None, last_step: int) -> bytes:
    """Returns a file of numpy's with the learning rate of each step, and behind them that of every later one.

    Where no base is known they are multipliers. They are float64; who looks them up rounds them.

    Args:
        schedule: The schedule.
        base_lr: What it multiplies; None if that is not known.
        last_step: How many steps there are.
    """
    values: FloatArray = (1.0 if base_lr is None else base_lr) * schedule.multipliers(np.arange(last_step + 1))
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()

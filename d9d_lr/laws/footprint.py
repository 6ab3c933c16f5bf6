"""What the laws need of a schedule: how far it has gone, and where and by how much its learning rate changed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]

BLOCKS = 120
"""Blocks that a run's changes of the learning rate are summed into; costs at most 2e-4 of the loss, relative."""


@dataclass(frozen=True)
class Footprint:
    """A schedule as a law sees it from some of its steps.

    With eta_k the learning rate of step k and u_k = eta_k / reference_lr, u_{-1} = 0: S(t) = sum over k <= t of u_k^q.
    Steps in which the rate moves the same way within a block are summed, each weighing as much as it moves.

    Attributes:
        steps: The asked steps t.
        progress: S(t) for each of them.
        changes: u_k - u_{k-1} of each block in which the rate changed, the warmup included.
        rates: u_k of each block.
        progress_before: S(k - 1) of each block.
        change_steps: k of each block.
    """

    steps: NDArray[np.int64]
    progress: FloatArray
    changes: FloatArray
    rates: FloatArray
    progress_before: FloatArray
    change_steps: FloatArray


def footprint(learning_rates: FloatArray, steps: ArrayLike, *, reference_lr: float, exponent: float) -> Footprint:
    """Returns what a law sees of a schedule from some steps.

    Args:
        learning_rates: The learning rate of each step of the run, from step 0.
        steps: The steps whose loss is asked for, each within the run.
        reference_lr: The rate that counts as 1.
        exponent: q.
    """
    relative = learning_rates / reference_lr
    progress = np.cumsum(relative**exponent)
    before = np.concatenate([[0.0], progress[:-1]])
    changes = np.diff(relative, prepend=0.0)
    changed = np.flatnonzero(changes)
    asked = np.asarray(steps, dtype=np.int64)
    if len(changed) == 0:
        nothing = np.zeros(0)
        return Footprint(asked, progress[asked], nothing, nothing, nothing, nothing)
    width = max(1, len(relative) // BLOCKS)
    block = 2 * (changed // width) + (changes[changed] > 0)
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    weights = np.abs(changes[changed])
    total = np.add.reduceat(weights, starts)
    return Footprint(
        steps=asked,
        progress=progress[asked],
        changes=np.add.reduceat(changes[changed], starts),
        rates=np.add.reduceat(weights * relative[changed], starts) / total,
        progress_before=np.add.reduceat(weights * before[changed], starts) / total,
        change_steps=np.add.reduceat(weights * changed, starts) / total,
    )

"""A schedule of the batch size as Megatron-LM's three numbers, where they can say it."""

from __future__ import annotations

import math
from itertools import pairwise

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.rampup import Rampup


def ramp_flags(config: PiecewiseConfig, batch: BatchSizes) -> list[str]:
    """Returns the flags, each with its value.

    Args:
        config: The schedule as it is written; one by the three numbers is given back as it is.
        batch: The same, resolved.

    Raises:
        ConfigError: If no three numbers give these sizes.
    """
    phases = config.scheduler.phases
    ramp, full = (phases[0], batch.full_batch) if len(phases) == 1 else (None, batch.sizes()[-1])
    if not isinstance(ramp, Rampup):
        ramp = _numbers(batch)
    numbers = [] if ramp is None else [f"--rampup-batch-size {' '.join(map(str, ramp.rampup_batch_size))}"]
    return [f"--global-batch-size {full}", *numbers]


def _numbers(batch: BatchSizes) -> Rampup | None:
    """Returns the ramp that gives these sizes; None where there is one size only."""
    starts = [int(step) for step, _ in batch.shares().pieces]
    sizes = batch.sizes()
    full, increment = sizes[-1], math.gcd(*(after - before for before, after in pairwise(sizes)))
    if len(sizes) == 1:
        return None
    if sizes == sorted(sizes):
        stairs = (full - sizes[0]) // increment
        reached = [(size - sizes[0]) // increment for size in sizes]
        samples = min(
            stairs * batch.samples_before(start) // level for start, level in zip(starts[1:], reached[1:], strict=True)
        )
        found = Rampup(rampup_batch_size=(sizes[0], increment, samples))
        if found.refusal(full) is None and list(found.stairs(full, MAX_STEPS)) == [
            (after - before, size) for (before, after), size in zip(pairwise(starts), sizes, strict=False)
        ]:
            return found
    message = f"Megatron's ramp goes up in equal stairs of equally many examples, and these sizes do not: {sizes}"
    raise ConfigError([Problem("phases", message)])

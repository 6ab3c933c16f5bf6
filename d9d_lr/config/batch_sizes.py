"""From a validated config to the batch size of every step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from d9d_lr.config.build import multiples
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.scheduler_fields import SchedulerFields
from d9d_lr.config.stretch import check_published, published_steps
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.batch_sizes import BatchSizes, share_of
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.phases import Phase, PhaseRest
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.repeat import Repeat
from d9d_lr.schedule.resolve import Entry, resolve
from d9d_lr.schedule.units import Units


def build_batch_sizes(
    config: PiecewiseConfig, total_steps: int, full_batch: int, *, positions: Sequence[str] | None = None
) -> BatchSizes:
    """Resolves a schedule of the batch size.

    Args:
        config: The validated schedule: multipliers of a full batch, or numbers of examples as `target_value`.
        total_steps: Steps of the whole run.
        full_batch: Examples of a full batch, which its amounts per step are those of.
        positions: What each phase is called in an error; its index by default.

    Raises:
        ConfigError: With every problem: a phase that does not fit or is not constant, a part of an example.
    """
    scheduler, phases, units = multiples(config, total_steps, positions)
    names = positions or [str(index) for index in range(len(phases))]
    if scheduler.published_steps is None and scheduler.published_tokens is None:
        schedule = resolve(scheduler.initial_multiplier, phases, units, positions, full_batch=full_batch)
        return BatchSizes(schedule, full_batch)
    problems = list(_fractions(phases, names))
    if problems:
        raise ConfigError(problems)
    whole = resolve(
        scheduler.initial_multiplier, phases, replace(units, total_steps=MAX_STEPS), positions, full_batch=full_batch
    )
    if not scheduler.stretch:
        found = BatchSizes(_ended(whole, [phase.end_step for phase in whole.phases], total_steps), full_batch)
        length = published_steps(scheduler, replace(units, batch=found.shares()))
        assert length is not None, "it is published"
        check_published(scheduler, length, total_steps)
        return found
    single = [phase for phase in phases if not isinstance(phase, Repeat)]  # cycles were refused above
    return _stretched(scheduler, single, units, whole, full_batch, total_steps)


def _stretched(
    scheduler: SchedulerFields,
    phases: Sequence[Phase[CurveBase]],
    units: Units,
    whole: Schedule,
    full_batch: int,
    total_steps: int,
) -> BatchSizes:
    """Lays published sizes over a run; nothing is rounded before the last, so that other schedules end with them."""
    shares, ends = BatchShares(), [Fraction(0)]
    for phase in phases:
        shares = shares.then(ends[-1], share_of(phase, full_batch))
        last = isinstance(phase, PhaseRest)
        ends.append(Fraction(MAX_STEPS) if last else phase.exact_end(ends[-1], replace(units, batch=shares)))
    length = published_steps(scheduler, replace(units, batch=shares))
    assert length is not None, "it is published"
    ratio = total_steps / length
    found = _ended(whole, [math.floor(end * ratio) for end in ends[1:]], total_steps)
    pieces = tuple((start * ratio, share) for start, share in shares.pieces)
    return BatchSizes(found, full_batch, BatchShares(pieces))


def _ended(whole: Schedule, ends: Sequence[int], total_steps: int) -> Schedule:
    """Returns a schedule with other ends of its phases, and none after that of the run."""
    steps = [0, *(min(total_steps, end) for end in ends)]
    phases = [
        replace(phase, start_step=start, end_step=end)
        for phase, start, end in zip(whole.phases, steps[:-1], steps[1:], strict=True)
    ]
    return Schedule(whole.initial_multiplier, tuple(phases), total_steps)


def _fractions(phases: Sequence[Entry], names: Sequence[str]) -> Iterator[Problem]:
    """How long the published run is depends on its batches, so they cannot be laid over fractions of it."""
    for name, phase in zip(names, phases, strict=True):
        if "total_steps" in phase.needs() and not isinstance(phase, PhaseRest):
            message = "is counted from the whole run, whose length in steps depends on the batch sizes"
            yield Problem(f"phases.{name}.{phase.length_field}", message, "write it in the published units")

"""From a validated config to the batch size of every step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from d9d_lr.config.scheduler_fields import BATCH_SIZE, SchedulerFields
from d9d_lr.config.written import Nested, check_published, multiples, published_steps
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.batch_sizes import BatchSizes, share_of
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import CurveConstant
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.phases import Phase, PhaseRest, PhaseSteps
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.rampup import Rampup
from d9d_lr.schedule.repeat import Repeat
from d9d_lr.schedule.resolve import Entry, Placeable, resolve
from d9d_lr.schedule.units import Units

_FINEST_SHARE = 10_000
"""Of a full batch whose size is not known, every share is taken for a fraction with no larger denominator."""


def build_batch_sizes(
    config: Nested | SchedulerFields,
    total_steps: int | None,
    full_batch: int,
    *,
    positions: Sequence[str] | None = None,
) -> BatchSizes:
    """Resolves a schedule of the batch size.

    Args:
        config: The validated schedule: multipliers of a full batch, or numbers of examples as `target_value`.
        total_steps: Steps of the whole run; None if they are not known yet, where no phase depends on them.
        full_batch: Examples of a full batch, which its amounts per step are those of.
        positions: What each phase is called in an error; its index by default.

    Raises:
        ConfigError: With every problem: a phase that does not fit or is not constant, a part of an example.
    """
    written = _counted_with(config, full_batch)
    scheduler, entries, units = multiples(written, total_steps or MAX_STEPS, positions)
    is_published = scheduler.published_steps is not None or scheduler.published_tokens is not None
    names = list(positions or map(str, range(len(entries))))
    last_step = MAX_STEPS if is_published else units.run_steps()
    phases, names = _with_stairs(entries, names, full_batch, last_step)
    if not is_published:
        schedule = resolve(scheduler.initial_multiplier, phases, units, names, full_batch=full_batch)
        return BatchSizes(schedule, full_batch)
    problems = list(_fractions(phases, names))
    if problems:
        raise ConfigError(problems)
    whole = resolve(
        scheduler.initial_multiplier, phases, replace(units, total_steps=MAX_STEPS), names, full_batch=full_batch
    )
    if not scheduler.stretch:
        found = BatchSizes(_ended(whole, [phase.end_step for phase in whole.phases], units.run_steps()), full_batch)
        length = published_steps(scheduler, replace(units, batch=BatchSizes(whole, full_batch).shares()))
        assert length is not None, "it is published"
        if total_steps is not None:
            check_published(scheduler, length, total_steps)
        return found
    single = [phase for phase in phases if not isinstance(phase, Repeat)]  # cycles were refused above
    return _stretched(scheduler, single, units, whole, full_batch, total_steps)


def ramp_shares(
    scheduler: SchedulerFields, total_steps: int | None, positions: Sequence[str] | None = None
) -> BatchShares | None:
    """Returns which share of a full batch each step has under a schedule's own batch size; None if it has none.

    Args:
        scheduler: The schedule.
        total_steps: Steps of the whole run; None if they are not known.
        positions: What each phase of the batch size is called in an error; its index by default.

    Raises:
        ConfigError: With every problem, each below `batch_size`.
    """
    ramp = scheduler.batch_size
    if ramp is None:
        return None
    try:
        return build_batch_sizes(ramp, total_steps, full_batch_of(ramp), positions=positions).counted_with()
    except ConfigError as error:
        raise ConfigError(
            problem if problem.key == "total_steps" else problem.below(BATCH_SIZE) for problem in error.problems
        ) from None


def full_batch_of(ramp: SchedulerFields) -> int:
    """Returns how many examples a full batch has, as far as its schedule says; else as many as give whole shares.

    Raises:
        ConfigError: If its phases are in examples, and it does not say it.
    """
    said = ramp.reference_value or ramp.samples_per_step
    if said is not None and said == int(said):
        return int(said)
    if any(isinstance(phase, Rampup) or phase.levels_of("value") for phase in ramp.phases):
        message = "is missing; phases in examples need the number of examples of a full batch"
        raise ConfigError([Problem("reference_value", message)])
    levels = [getattr(phase, "target_multiplier", None) for phase in ramp.phases]
    shares = [Fraction(level).limit_denominator(_FINEST_SHARE) for level in levels if level is not None]
    return math.lcm(*(share.denominator for share in shares))


def _counted_with(config: Nested | SchedulerFields, full_batch: int) -> SchedulerFields:
    """Returns the schedule with a full batch in place of what it leaves open: what its values and steps are of."""
    scheduler = config if isinstance(config, SchedulerFields) else config.scheduler
    open_fields = [name for name in ("reference_value", "samples_per_step") if getattr(scheduler, name) is None]
    return scheduler.model_copy(update=dict.fromkeys(open_fields, float(full_batch)))


def _with_stairs(
    entries: Sequence[Entry], names: Sequence[str], full_batch: int, last_step: int
) -> tuple[list[Placeable], list[str]]:
    """Returns the phases with those of a ramp in its place, and what each is called."""
    found: list[tuple[str, Placeable]] = []
    problems = []
    for index, (name, entry) in enumerate(zip(names, entries, strict=True)):
        if not isinstance(entry, Rampup):
            found.append((name, entry))
            continue
        refusal = entry.refusal(full_batch)
        if index:
            problems.append(Problem(f"phases.{name}.mode", "a ramp begins with the run; it must be the first phase"))
        elif refusal:
            problems.append(refusal.below(f"phases.{name}"))
        else:
            found += [(name, stair) for stair in _stairs(entry, full_batch, last_step)]
            if len(entries) == 1:
                found.append((name, PhaseRest(target_multiplier=1.0, curve=CurveConstant())))
    if problems:
        raise ConfigError(problems)
    return [phase for _, phase in found], [name for name, _ in found]


def _stairs(ramp: Rampup, full_batch: int, last_step: int) -> Iterator[Phase[CurveBase]]:
    for steps, size in ramp.stairs(full_batch, last_step):
        yield PhaseSteps(steps=steps, target_multiplier=size / full_batch, curve=CurveConstant())


def _stretched(
    scheduler: SchedulerFields,
    phases: Sequence[Phase[CurveBase]],
    units: Units,
    whole: Schedule,
    full_batch: int,
    total_steps: int | None,
) -> BatchSizes:
    """Lays published sizes over a run; nothing is rounded before the last, so that other schedules end with them."""
    if total_steps is None:
        raise ConfigError([Problem("total_steps", "is missing; a stretched schedule needs it")])
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


def _fractions(phases: Sequence[Placeable], names: Sequence[str]) -> Iterator[Problem]:
    """How long the published run is depends on its batches, so they cannot be laid over fractions of it."""
    for name, phase in zip(names, phases, strict=True):
        if "total_steps" in phase.needs() and not isinstance(phase, PhaseRest):
            message = "is counted from the whole run, whose length in steps depends on the batch sizes"
            yield Problem(f"phases.{name}.{phase.length_field}", message, "write it in the published units")

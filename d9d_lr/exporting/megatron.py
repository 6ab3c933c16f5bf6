"""A schedule as the flags of Megatron-LM, where they can say it.

They say a straight warmup, then one decay to a floor: over all that is left or, with WSD, over its end (megatron-core
0.16.1, megatron/core/optimizer_param_scheduler.py). Its steps are iterations where the batch has one size, and examples
where it grows: there a curve is the same only over steps of one size. A schedule of the batch size itself is three
numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.exporting.pieces import Piece, joined, pieces_of
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.curves import CurveCosine, CurveExponentialHalving, CurveInverseSqrt, CurveLinear, CurvePoly
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.rampup import Rampup

_SHAPES = "linear, cosine, inverse_sqrt over the warmup's length, exponential_halving and one_minus_sqrt"


def to_megatron(schedule: Schedule, base_lr: float, total_steps: int, batch: BatchSizes | None = None) -> list[str]:
    """Returns the flags, each with its value.

    Args:
        schedule: The schedule.
        base_lr: What it multiplies.
        total_steps: Steps of the run.
        batch: The batch size of every step, if it is scheduled; `ramp_flags` has its own flags.

    Raises:
        ConfigError: With why the flags cannot say it.
    """
    pieces, problems = pieces_of(schedule)
    if problems:
        raise ConfigError(problems)
    parts = _parts([one for one in joined(pieces) if one.end_step > one.start_step])
    if batch is not None and len(batch.sizes()) > 1:
        _check_sizes(parts, batch)
        return _flags(parts, base_lr, total_steps, "samples", batch.samples_before)
    return _flags(parts, base_lr, total_steps, "iters", lambda step: step)


def _flags(parts: _Parts, base_lr: float, total_steps: int, unit: str, count: Callable[[int], int]) -> list[str]:
    warmup_steps = parts.warmup.end_step if parts.warmup else 0
    init = [f"--lr-warmup-init {base_lr * parts.warmup.start:.15g}"] if parts.warmup and parts.warmup.start else []
    return [
        f"--lr {base_lr * parts.peak:.15g}",
        f"--min-lr {base_lr * parts.floor:.15g}",
        f"--train-{unit} {count(total_steps)}",
        f"--lr-decay-{unit} {count(parts.decay.end_step if parts.decay else total_steps)}",
        f"--lr-warmup-{unit} {count(warmup_steps)}",
        *init,
        *_style(parts, warmup_steps, total_steps, unit, count),
    ]


@dataclass(frozen=True)
class _Parts:
    """What the flags have a word for."""

    warmup: Piece | None
    held: bool
    decay: Piece | None
    peak: float
    floor: float


def _parts(pieces: Sequence[Piece]) -> _Parts:
    left = list(pieces)
    climbs = left[0].target > left[0].start >= 0 and isinstance(left[0].curve, CurveLinear)
    warmup = left.pop(0) if climbs else None
    hold = left.pop(0) if left and left[0].holds else None
    decay = left.pop(0) if left else None
    floor = left.pop(0) if left and left[0].holds else None
    if left:
        raise _refused(left[0], "after the decay nothing may follow but a floor")
    for one, after in ((warmup, hold or decay), (hold, decay), (decay, floor)):
        if one and after and after.start != one.target:
            raise _refused(after, f"it jumps from {one.target:g} to {after.start:g}")
    if decay and decay.target > decay.start:
        raise _refused(decay, f"after the warmup it climbs, from {decay.start:g} to {decay.target:g}")
    top = hold or decay
    peak = top.start if top else warmup.target if warmup else 1.0
    bottom = floor or decay
    reached = bottom.target if bottom else peak
    if decay and isinstance(decay.curve, CurveInverseSqrt):
        reached = decay.curve.floor or 0.0
    return _Parts(warmup, hold is not None, decay, peak, reached)


def _check_sizes(parts: _Parts, batch: BatchSizes) -> None:
    """Refuses a curve over steps whose batches have different sizes."""
    changes = [int(step) for step, _ in batch.shares().pieces[1:]]
    for piece in (parts.warmup, parts.decay):
        inside = [step for step in changes if piece and piece.start_step < step < piece.end_step]
        if piece and (inside or isinstance(piece.curve, CurveInverseSqrt)):
            at = inside[0] if inside else changes[0]
            why = f"it counts examples, of which a step has more from step {at} on, and the curve is one of the steps"
            raise _refused(piece, why)


def _style(parts: _Parts, warmup_steps: int, total_steps: int, unit: str, count: Callable[[int], int]) -> list[str]:
    decay = parts.decay
    if decay is None:
        return ["--lr-decay-style constant"]
    match decay.curve:
        case CurveLinear() | CurveCosine() if not parts.held:
            return [f"--lr-decay-style {decay.curve.type}"]
        case CurveInverseSqrt(timescale=timescale):
            if (parts.held, decay.tends_to, timescale, decay.end_step) == (False, 0.0, warmup_steps, total_steps):
                return ["--lr-decay-style inverse-square-root"]
            raise _refused(decay, f"it has {_SHAPES}, the inverse root over the whole run and down to 0")
        case CurveLinear() | CurveCosine():
            shape: str = decay.curve.type
        case CurveExponentialHalving():
            shape = "exponential"
        case CurvePoly(power=0.5):
            shape = "minus_sqrt"
        case _:
            raise _refused(decay, f"it has no {decay.curve.label}; it has {_SHAPES}")
    length = count(decay.end_step) - count(decay.start_step)
    return ["--lr-decay-style WSD", f"--lr-wsd-decay-style {shape}", f"--lr-wsd-decay-{unit} {length}"]


def _refused(piece: Piece, why: str) -> ConfigError:
    return ConfigError([Problem(piece.place, f"Megatron's flags cannot say this phase: {why}")])


def ramp_flags(config: PiecewiseConfig, batch: BatchSizes) -> list[str]:
    """Returns the flags of a batch size, each with its value.

    Args:
        config: The schedule as it is written; one by the three numbers is given back as it is.
        batch: The same, resolved.

    Raises:
        ConfigError: If no three numbers give these sizes.
    """
    phases = config.scheduler.phases
    ramp, full = (phases[0], batch.full_batch) if len(phases) == 1 else (None, batch.sizes()[-1])
    if not isinstance(ramp, Rampup):
        ramp = _ramp_numbers(batch)
    numbers = [] if ramp is None else [f"--rampup-batch-size {' '.join(map(str, ramp.rampup_batch_size))}"]
    return [f"--global-batch-size {full}", *numbers]


def _ramp_numbers(batch: BatchSizes) -> Rampup | None:
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

"""A schedule as the flags of Megatron-LM, where they can say it.

They say a straight warmup, then one decay to a floor: over all that is left or, with WSD, over its end (megatron-core
0.16.1, megatron/core/optimizer_param_scheduler.py). Its steps are iterations where the batch has one size, and examples
where it grows: there a curve is the same only over steps of one size.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.exporting.pieces import Piece, joined, pieces_of
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.curves import CurveCosine, CurveExponentialHalving, CurveInverseSqrt, CurveLinear, CurvePoly
from d9d_lr.schedule.piecewise import Schedule

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

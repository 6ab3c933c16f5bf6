"""A schedule as the flags of Megatron-LM, where they can say it.

They say a straight warmup, then one decay to a floor: over all that is left or, with WSD, over its end (megatron-core
0.16.1, megatron/core/optimizer_param_scheduler.py). Its steps are iterations here, so the batch has one size.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.exporting.pieces import Piece, joined, pieces_of
from d9d_lr.schedule.curves import CurveCosine, CurveExponentialHalving, CurveInverseSqrt, CurveLinear, CurvePoly
from d9d_lr.schedule.piecewise import Schedule

_SHAPES = "linear, cosine, inverse_sqrt over the warmup's length, exponential_halving and one_minus_sqrt"


def to_megatron(schedule: Schedule, base_lr: float, total_steps: int) -> list[str]:
    """Returns the flags, each with its value.

    Args:
        schedule: The schedule.
        base_lr: What it multiplies.
        total_steps: Steps of the run.

    Raises:
        ConfigError: With why the flags cannot say it.
    """
    pieces, problems = pieces_of(schedule)
    if problems:
        raise ConfigError(problems)
    parts = _parts([one for one in joined(pieces) if one.end_step > one.start_step])
    warmup_steps = parts.warmup.end_step if parts.warmup else 0
    init = [f"--lr-warmup-init {base_lr * parts.warmup.start:.15g}"] if parts.warmup and parts.warmup.start else []
    return [
        f"--lr {base_lr * parts.peak:.15g}",
        f"--min-lr {base_lr * parts.floor:.15g}",
        f"--train-iters {total_steps}",
        f"--lr-decay-iters {parts.decay.end_step if parts.decay else total_steps}",
        f"--lr-warmup-iters {warmup_steps}",
        *init,
        *_style(parts, warmup_steps, total_steps),
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


def _style(parts: _Parts, warmup_steps: int, total_steps: int) -> list[str]:
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
    steps = decay.end_step - decay.start_step
    return ["--lr-decay-style WSD", f"--lr-wsd-decay-style {shape}", f"--lr-wsd-decay-iters {steps}"]


def _refused(piece: Piece, why: str) -> ConfigError:
    return ConfigError([Problem(piece.place, f"Megatron's flags cannot say this phase: {why}")])

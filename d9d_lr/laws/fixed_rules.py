"""Schedules that people use without looking: a law that ranks no better than these is not needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from d9d_lr.laws.footprint import FloatArray


def linear_to_zero(total_steps: int, warmup_steps: int) -> FloatArray:
    """Returns the multipliers of a linear warmup and a straight line to zero at `total_steps`."""
    return _with_warmup(total_steps, warmup_steps, lambda progress: 1.0 - progress)


def cosine_to_zero(total_steps: int, warmup_steps: int) -> FloatArray:
    """Returns the multipliers of a linear warmup and half a cosine to zero at `total_steps`."""
    return _with_warmup(total_steps, warmup_steps, lambda progress: 0.5 + 0.5 * np.cos(np.pi * progress))


def wsd_20(total_steps: int, warmup_steps: int) -> FloatArray:
    """Returns the multipliers of a linear warmup, a hold until 80 % and a straight line to zero at `total_steps`."""
    steps = np.arange(total_steps)
    hold_until = max(warmup_steps, 0.8 * total_steps)
    falling = (total_steps - steps) / max(1.0, total_steps - hold_until)
    return np.minimum(_warmup(total_steps, warmup_steps), np.minimum(1.0, falling))


FIXED_RULES: Mapping[str, Callable[[int, int], FloatArray]] = MappingProxyType(
    {"linear to zero": linear_to_zero, "WSD 20 %": wsd_20, "cosine to zero": cosine_to_zero}
)
"""What each rule is called, and its multipliers for so many steps and so many steps of warmup."""


def _with_warmup(total_steps: int, warmup_steps: int, decay: Callable[[FloatArray], FloatArray]) -> FloatArray:
    progress = np.clip((np.arange(total_steps) - warmup_steps) / max(1, total_steps - warmup_steps), 0.0, 1.0)
    return _warmup(total_steps, warmup_steps) * decay(progress)


def _warmup(total_steps: int, warmup_steps: int) -> FloatArray:
    return np.minimum(1.0, np.arange(total_steps) / max(1, warmup_steps)) if warmup_steps else np.ones(total_steps)

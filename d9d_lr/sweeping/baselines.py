"""The fixed rules of `laws.fixed_rules` as points of a sweep of the training entrypoint, beside what a law chooses."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

import numpy as np

from d9d_lr.composing.overrides import key_of, value_of
from d9d_lr.laws.fixed_rules import FIXED_RULES
from d9d_lr.laws.law import Law
from d9d_lr.laws.ranking import SAME
from d9d_lr.sweeping.folders import folder_name
from d9d_lr.sweeping.plan import Point
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.sweep import Sweep

_DIGITS = 9
_OF_SCHEDULE = re.compile(r"[+~]*lr\b")


def baseline_words(warmup_steps: int) -> dict[str, tuple[str, ...]]:
    """Returns what to type for each of `FIXED_RULES`, over whatever schedule stands there, after so long a warmup."""
    warmup = warmup_words(warmup_steps)
    return {
        "linear to zero": ("lr=warmup_linear", "lr/decay@lr.phases.1=linear_to_zero", *warmup),
        "WSD 20 %": ("lr=wsd", "lr/decay@lr.phases.2=linear_to_zero", "lr.phases.1.percentage=0.8", *warmup),
        "cosine to zero": ("lr=warmup_cosine", "lr/decay@lr.phases.1=cosine_to_zero", *warmup),
    }


def warmup_words(warmup_steps: int) -> tuple[str, ...]:
    """Returns what to type for a warmup in phase 0, or for none."""
    if warmup_steps == 0:
        return ("lr/warmup@lr.phases.0=none", "lr.initial_multiplier=1.0")
    return (f"lr.phases.0.steps={warmup_steps}",)


def baselines(sweep: Sweep, points: Sequence[CheckedPoint], law: Law) -> tuple[list[CheckedPoint], list[str]]:
    """Returns the fixed rules for each seed, and each value of other keys, of some points.

    Args:
        sweep: The sweep.
        points: Its points; what they say of their schedule is taken off them.
        law: Its warmup is that of the rules.

    Returns:
        The points of the rules, and the names of those that cannot be written in this sweep.
    """
    found: list[CheckedPoint] = []
    missing: list[str] = []
    for name, words in baseline_words(law.warmup_steps).items():
        good = sweep.preflight(list(_with(points, words))).good
        right = [point for point in good if _follows(point, name, law.warmup_steps)]
        found += right
        if not right:
            missing.append(name)
    return found, missing


def does_the_same(point: CheckedPoint) -> tuple[tuple[str, ...], bytes]:
    """Returns what two points share that follow the same learning rates, however written, and are otherwise alike."""
    rates = point.preview.rates() if point.preview.rates else np.zeros(1)
    return _others(point), hashlib.blake2b(np.round(rates / (rates.max() or 1.0), _DIGITS).tobytes()).digest()


def _others(point: Point) -> tuple[str, ...]:
    return tuple(word for word in point.overrides if not _OF_SCHEDULE.match(word))


def _with(points: Sequence[CheckedPoint], words: Sequence[str]) -> Iterator[Point]:
    """Yields each point once with these words in place of its schedule."""
    seen: set[tuple[str, ...]] = set()
    for point in points:
        others = _others(point)
        if others in seen:
            continue
        seen.add(others)
        changed = {key: value for key, value in point.changed.items() if not _OF_SCHEDULE.match(key)}
        changed |= {key_of(word): value_of(word) for word in words}
        yield Point(len(points) + len(seen), changed, (*others, *words), folder_name(changed))


def _follows(point: CheckedPoint, name: str, warmup_steps: int) -> bool:
    """Whether a point composed to the rule: what a file of the sweep says of a schedule may have stayed."""
    rates = point.preview.rates() if point.preview.rates else np.zeros(1)
    if not rates.max() > 0:
        return False
    rule = FIXED_RULES[name](len(rates), warmup_steps)
    return float(np.abs(rates / rates.max() - rule).mean()) <= SAME

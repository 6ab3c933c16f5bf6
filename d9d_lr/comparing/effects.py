"""How much of what differs between points each swept key explains: the analysis of variance of a full grid.

On a full grid, every value of every key with every seed once, the sums of squares of keys and of pairs of keys are
orthogonal, and their shares of the total add up: those of the keys, of the pairs, of the seeds, and of the rest, which
is the noise that settings do not share and what three keys do together.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from d9d_lr.comparing.contenders import schedule_keys
from d9d_lr.comparing.folding import Setting


@dataclass(frozen=True)
class Effects:
    """Shares of the variance between points.

    Attributes:
        shares: Of each key, of each pair as "a x b", of "seed", and of "rest"; they add up to 1. Empty if unknown.
        why_not: Why they are unknown; empty if they are not.
    """

    shares: dict[str, float]
    why_not: str = ""


def effects_of(settings: Sequence[Setting]) -> Effects:
    """Returns the effects of the keys that differ between settings of one length."""
    keys = [key for key in (settings[0].values if settings else ()) if len({one.values[key] for one in settings}) > 1]
    levels = [list(dict.fromkeys(one.values[key] for one in settings)) for key in keys]
    seeds = sorted({seed for one in settings for seed in one.objectives})
    why_not = _not_a_grid(settings, keys, levels, seeds)
    if why_not:
        return Effects({}, why_not)
    grid = np.empty([len(values) for values in levels] + [len(seeds)])
    for one in settings:
        place = tuple(values.index(one.values[key]) for key, values in zip(keys, levels, strict=True))
        grid[place] = [one.objectives[seed] for seed in seeds]
    return _shares(grid, keys)


def _not_a_grid(
    settings: Sequence[Setting], keys: Sequence[str], levels: Sequence[Sequence[str]], seeds: Sequence[str]
) -> str:
    if not keys:
        return "no key is swept"
    if len({one.sweep for one in settings}) > 1:
        return "the settings are from several sweeps"
    cells = int(np.prod([len(values) for values in levels]))
    if cells != len(settings):
        return f"not a full grid: {len(settings)} settings, where every combination would make {cells}"
    short = [one for one in settings if one.count < len(seeds) or not one.count]
    if short:
        return f"not a full grid: {len(short)} of {len(settings)} settings lack an objective for a seed"
    return ""


def _shares(grid: np.ndarray, keys: Sequence[str]) -> Effects:
    deviations = grid - grid.mean()
    total = float((deviations**2).sum())
    if total == 0:
        return Effects({}, "every point has the same objective")
    seed_axis = grid.ndim - 1
    found = {key: _square(deviations, (axis,)) for axis, key in enumerate(keys)}
    schedules = set(schedule_keys(keys))
    for (i, a), (j, b) in itertools.combinations(enumerate(keys), 2):
        if len(keys) <= 3 or (a in schedules) != (b in schedules):
            found[f"{a} x {b}"] = _square(deviations, (i, j)) - found[a] - found[b]
    if grid.shape[seed_axis] > 1:
        found["seed"] = _square(deviations, (seed_axis,))
    shares = {name: max(0.0, square / total) for name, square in found.items()}
    return Effects(shares | {"rest": max(0.0, 1 - sum(shares.values()))})


def _square(deviations: np.ndarray, axes: Sequence[int]) -> float:
    """Returns the sum of squares between the means over all other axes."""
    others = tuple(axis for axis in range(deviations.ndim) if axis not in axes)
    means: np.ndarray = deviations.mean(axis=others)
    return float((means**2).sum()) * (deviations.size / means.size)

"""How much of what differs between points each swept key explains: the analysis of variance of a full grid.

On a full grid, every value of every key with every seed once, the sums of squares of keys and of pairs of keys are
orthogonal, and their shares of the total add up: those of the keys, of the pairs, of the seeds, and of the rest, which
is the noise that settings do not share and what three keys do together.

Where points failed or have not ended, values are left out until what remains is a full grid, those with the most
missing points first: if a learning rate diverges everywhere, the shares are those of the other learning rates.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from d9d_lr.comparing.candidates import schedule_keys
from d9d_lr.comparing.folding import Setting

_LEAST_KEPT = 0.5  # of the points of the whole grid: below it the rest is too small a part to speak for the sweep


@dataclass(frozen=True)
class Effects:
    """Shares of the variance between points.

    Attributes:
        shares: Of each key, of each pair as "a x b", of "seed", and of "rest"; they add up to 1. Empty if unknown.
        why_not: Why they are unknown; empty if they are not.
        left_out: The values, such as "optimizer.lr=0.1" or "seed 3", that were left out because points are missing.
    """

    shares: dict[str, float]
    why_not: str = ""
    left_out: tuple[str, ...] = ()

    @property
    def part(self) -> str:
        """Which part of the sweep the shares are of: "without optimizer.lr=0.1, where points are missing"."""
        return f"without {', '.join(self.left_out)}, where points are missing" if self.left_out else ""


@dataclass(frozen=True)
class _Grid:
    """Objectives by the values of keys and the seeds, NaN where there is none.

    Attributes:
        keys: The key of each axis but the last, which is the seeds'.
        names: What each place of each axis is called.
        objectives: The numbers.
    """

    keys: tuple[str, ...]
    names: tuple[tuple[str, ...], ...]
    objectives: np.ndarray


def effects_of(settings: Sequence[Setting]) -> Effects:
    """Returns the effects of the keys that differ between settings of one length."""
    keys = [key for key in (settings[0].values if settings else ()) if len({one.values[key] for one in settings}) > 1]
    if not keys:
        return Effects({}, "no key is swept")
    if len({one.sweep for one in settings}) > 1:
        return Effects({}, "the settings are from several sweeps")
    levels = [list(dict.fromkeys(one.values[key] for one in settings)) for key in keys]
    cells = int(np.prod([len(values) for values in levels]))
    if cells * _LEAST_KEPT > len(settings):
        return Effects({}, f"not a full grid: {len(settings)} settings, where every combination would make {cells}")
    whole = _grid(settings, keys, levels)
    if whole.objectives.size == 0:
        return Effects({}, "no point has an objective")
    kept = _full_part(whole.objectives)
    if np.prod([len(places) for places in kept]) < max(2, _LEAST_KEPT * whole.objectives.size):
        missing = int(np.isnan(whole.objectives).sum())
        return Effects({}, f"not a full grid: {missing} of {whole.objectives.size} points have no objective")
    return _shares(whole, kept)


def _grid(settings: Sequence[Setting], keys: Sequence[str], levels: Sequence[list[str]]) -> _Grid:
    seeds = sorted({seed for one in settings for seed in one.objectives})
    objectives = np.full([len(values) for values in levels] + [len(seeds)], np.nan)
    for one in settings:
        place = tuple(values.index(one.values[key]) for key, values in zip(keys, levels, strict=True))
        objectives[place] = [one.objectives.get(seed, np.nan) for seed in seeds]
    names = [tuple(f"{key}={value}" for value in values) for key, values in zip(keys, levels, strict=True)]
    return _Grid(tuple(keys), (*names, tuple(f"seed {seed}" for seed in seeds)), objectives)


def _full_part(objectives: np.ndarray) -> list[list[int]]:
    """Returns the places of each axis that are left when none lacks a point; the emptiest place goes first."""
    kept = [list(range(size)) for size in objectives.shape]
    while (missing := np.isnan(objectives[np.ix_(*kept)])).any():
        emptiness = [
            (float(np.moveaxis(missing, axis, 0)[index].mean()), axis, index)
            for axis, places in enumerate(kept)
            for index in range(len(places))
        ]
        _, axis, index = max(emptiness)
        del kept[axis][index]
    return kept


def _shares(whole: _Grid, kept: Sequence[Sequence[int]]) -> Effects:
    grid = whole.objectives[np.ix_(*kept)]
    left_out = tuple(
        name
        for names, places in zip(whole.names, kept, strict=True)
        for place, name in enumerate(names)
        if place not in places
    )
    deviations = grid - grid.mean()
    total = float((deviations**2).sum())
    if total == 0:
        return Effects({}, "every point has the same objective", left_out)
    seed_axis = grid.ndim - 1
    keys = [(axis, key) for axis, key in enumerate(whole.keys) if grid.shape[axis] > 1]
    found = {key: _square(deviations, (axis,)) for axis, key in keys}
    schedules = set(schedule_keys([key for _, key in keys]))
    for (i, a), (j, b) in itertools.combinations(keys, 2):
        if len(keys) <= 3 or (a in schedules) != (b in schedules):
            found[f"{a} x {b}"] = _square(deviations, (i, j)) - found[a] - found[b]
    if grid.shape[seed_axis] > 1:
        found["seed"] = _square(deviations, (seed_axis,))
    shares = {name: max(0.0, square / total) for name, square in found.items()}
    return Effects(shares | {"rest": max(0.0, 1 - sum(shares.values()))}, left_out=left_out)


def _square(deviations: np.ndarray, axes: Sequence[int]) -> float:
    """Returns the sum of squares between the means over all other axes."""
    others = tuple(axis for axis in range(deviations.ndim) if axis not in axes)
    means: np.ndarray = deviations.mean(axis=others)
    return float((means**2).sum()) * (deviations.size / means.size)

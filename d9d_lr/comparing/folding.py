"""From the points of a sweep to its settings: the seeds of one setting folded into a mean, a deviation and a count."""

from __future__ import annotations

import math
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from d9d_lr.runs.record import RecordedPrediction

_DIVERGED = re.compile(r"loss is (nan|-?inf) at step")  # the training's error for a loss that is no number any more
ABSENT = "-"
"""The value of a key that was not typed for a point."""


@dataclass(frozen=True)
class Outcome:
    """What became of one point.

    Attributes:
        changed: The keys that were typed for it, with their values.
        status: "completed", "pruned", "failed", "interrupted", "unfinished" or "not started".
        objective: What it is judged by, lower is better; None if it has none.
        error: Why it failed; empty if it did not.
        length: Its steps; None if unknown.
        sweep: Which sweep it belongs to, where there are several.
        predicted: A prediction of its objective from before it ran; None if none was asked.
        differing: What was not swept and yet is not the same as in another of the sweeps, as "optimizer=sgd".
    """

    changed: Mapping[str, str]
    status: str
    objective: float | None = None
    error: str = ""
    length: int | None = None
    sweep: str = ""
    predicted: RecordedPrediction | None = None
    differing: str = ""

    @property
    def value(self) -> float | None:
        """The objective where it can be compared: completed, and finite."""
        known = self.status == "completed" and self.objective is not None and math.isfinite(self.objective)
        return self.objective if known else None

    @property
    def diverged(self) -> bool:
        """Whether its loss stopped being a number: the fault of its setting, which other failures need not be."""
        lost = self.status == "completed" and self.value is None
        return lost or (self.status == "failed" and bool(_DIVERGED.search(self.error)))


@dataclass(frozen=True)
class Setting:
    """All points that differ by nothing but their seed.

    Attributes:
        values: The keys that differ in the sweep, without seeds, and this setting's values.
        points: Where its points stand in what was folded, in that order.
        objectives: The objective of each seed that has one; `""` where no seed is swept.
        diverged: How many of its points ended without a finite loss.
        failed: How many failed otherwise.
        pruned: How many were stopped by their sweep, for they were behind.
        pending: How many have not ended.
        length: Steps of its runs; None if unknown.
        sweep: Which sweep it belongs to, where there are several.
        predicted: A prediction of its objective from before it ran; None if none was asked.
        differing: What sets that sweep apart from another, though it was not swept.
    """

    values: Mapping[str, str]
    points: tuple[int, ...]
    objectives: Mapping[str, float] = field(default_factory=dict)
    diverged: int = 0
    failed: int = 0
    pruned: int = 0
    pending: int = 0
    length: int | None = None
    sweep: str = ""
    predicted: RecordedPrediction | None = None
    differing: str = ""

    @property
    def count(self) -> int:
        """How many seeds have an objective."""
        return len(self.objectives)

    @cached_property
    def mean(self) -> float | None:
        """The mean objective; None if no seed has one."""
        return statistics.fmean(self.objectives.values()) if self.objectives else None

    @cached_property
    def deviation(self) -> float | None:
        """The standard deviation over seeds, with n - 1; None below two seeds."""
        return statistics.stdev(self.objectives.values()) if self.count > 1 else None

    @property
    def label(self) -> str:
        """Its swept keys with their values."""
        return ", ".join(f"{key}={value}" for key, value in self.values.items())

    @property
    def state(self) -> str:
        """What is not as it should be: "1 diverged, 2 pending"; empty if every seed completed."""
        counts = (
            ("diverged", self.diverged),
            ("failed", self.failed),
            ("pruned", self.pruned),
            ("pending", self.pending),
        )
        return ", ".join(f"{count} {name}" for name, count in counts if count)

    @property
    def worth(self) -> tuple[bool, bool, float]:
        """Sorts the best first; what diverged for a seed stands behind what never did, and no objective last."""
        return self.mean is None, self.diverged > 0, self.mean or 0.0


def is_seed(key: str) -> bool:
    """Whether a key only seeds the random numbers, such as `train.seed`."""
    name = key.rpartition(".")[2]
    return name == "seed" or name.endswith("_seed")


def swept_keys(points: Iterable[Mapping[str, str]]) -> list[str]:
    """Returns the keys whose value differs between points, in the order they were first seen; seeds are among them."""
    points = list(points)
    keys = dict.fromkeys(key for values in points for key in values)
    return [key for key in keys if len({values.get(key) for values in points}) > 1]


def settings_of(outcomes: Sequence[Outcome]) -> list[Setting]:
    """Folds points into settings, the best first.

    A key that is the same at every point is left out. Two points of one setting and one seed count once, the first.
    """
    swept = swept_keys(outcome.changed for outcome in outcomes)
    keys, seeds = [key for key in swept if not is_seed(key)], [key for key in swept if is_seed(key)]
    groups: dict[tuple[str, ...], list[int]] = {}
    for place, outcome in enumerate(outcomes):
        groups.setdefault((outcome.sweep, *(outcome.changed.get(key, ABSENT) for key in keys)), []).append(place)
    settings = [
        _folded([outcomes[place] for place in places], places, dict(zip(keys, group[1:], strict=True)), seeds)
        for group, places in groups.items()
    ]
    return sorted(settings, key=lambda setting: setting.worth)


def _folded(
    outcomes: Sequence[Outcome], places: Sequence[int], values: Mapping[str, str], seeds: Sequence[str]
) -> Setting:
    objectives: dict[str, float] = {}
    for outcome in outcomes:
        if (value := outcome.value) is not None:
            objectives.setdefault(",".join(outcome.changed.get(key, ABSENT) for key in seeds), value)
    diverged = sum(outcome.diverged for outcome in outcomes)
    return Setting(
        values=values,
        points=tuple(places),
        objectives=objectives,
        diverged=diverged,
        failed=sum(outcome.status == "failed" and not outcome.diverged for outcome in outcomes),
        pruned=sum(outcome.status == "pruned" for outcome in outcomes),
        pending=sum(outcome.status not in ("completed", "failed", "pruned") for outcome in outcomes),
        length=next((outcome.length for outcome in outcomes if outcome.length is not None), None),
        sweep=outcomes[0].sweep,
        predicted=next((outcome.predicted for outcome in outcomes if outcome.predicted), None),
        differing=outcomes[0].differing,
    )

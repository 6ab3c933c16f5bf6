"""Which schedule is best, and whether its lead is more than the noise of seeds.

Each schedule competes at its own best setting, against the best of all, paired over the seeds that both have: the mean
of the differences d, and its standard error sqrt(v / n), with v the variance of the differences.

- v is estimated from the pair itself (n - 1 degrees of freedom) and from settings about as good, blocked by seed: those
  whose mean is within reach of the best. Bad settings are often far noisier, or far quieter, and are no measure of the
  noise of good ones. Of the others' variance no more than `_PRIOR` degrees of freedom are taken, so that a pair
  that is noisier than its neighbours is judged by its own seeds.
- The best was chosen as the best looking of many. Its two-sided p is multiplied (Bonferroni) by the number of settings
  of other schedules than the compared one that could as well have been chosen: those within reach.
- That no further correction is needed for taking the winner and the runner-up rather than two schedules named
  beforehand: S. Gutmann and Z. Maymin, "Is the selected population the best?", Annals of Statistics 15 (1987).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from d9d_lr.comparing.candidates import Candidate, candidates_of, schedule_keys, sound
from d9d_lr.comparing.comparisons import Comparison, comparisons_of, headings_of
from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.student import critical, two_sided

LEVEL = 0.05
"""How often schedules that are equal may be called separable."""

_PRIOR = 6  # degrees of freedom lent by other settings, at most
_REACH = 3.0  # standard errors of a difference
_POWER = 0.84  # of a normal: four chances in five
MOST_SEEDS = 1_000


@dataclass(frozen=True)
class Lead:
    """The best schedule against another.

    Attributes:
        other: The other, at its own best setting.
        difference: How much higher its mean objective is, over the pairs.
        error: The standard error of the difference; None where the noise is unknown.
        pairs: How many seeds both have; 0 where they share fewer than two, and are compared unpaired.
        degrees: The degrees of freedom of that error.
        rivals: How many settings could as well have been chosen as the best one.
    """

    other: Candidate
    difference: float
    error: float | None = None
    pairs: int = 0
    degrees: int = 0
    rivals: int = 1

    @cached_property
    def p(self) -> float | None:
        """The chance of such a lead if both were equal, corrected for the choice; None where the noise is unknown."""
        if self.error is None:
            return None
        if self.error == 0:
            return 1.0 if self.difference == 0 else 0.0
        return min(1.0, self.rivals * two_sided(self.difference / self.error, self.degrees))

    @cached_property
    def more_seeds(self) -> int | None:
        """About how many seeds more would separate the two, four times in five, if the difference is what it seems.

        None where that is unknown, or more than `MOST_SEEDS`.
        """
        if not self.error or self.pairs == 0 or self.difference <= 0:
            return None
        total = float(self.pairs)
        for _ in range(6):  # the critical value hardly moves with the count: this settles at once
            degrees = max(1, self.degrees + round(min(total, MOST_SEEDS)) - self.pairs)
            needed = critical(LEVEL / self.rivals, degrees) + _POWER
            total = max(self.pairs + 1.0, self.pairs * (needed * self.error / self.difference) ** 2)
        return math.ceil(total) - self.pairs if total <= self.pairs + MOST_SEEDS else None

    @property
    def separable(self) -> bool:
        """Whether the lead is more than noise."""
        return self.p is not None and self.p <= LEVEL


@dataclass(frozen=True)
class Answer:
    """The answer for one comparison: settings whose objectives mean the same.

    Attributes:
        keys: The keys that name a schedule.
        comparison: The settings that it is about.
        best: The best schedule; None if nothing completed.
        leads: It against each other schedule, the runner-up first.
        heading: What sets the comparison apart from others of the same runs; empty if there is no other.
    """

    keys: tuple[str, ...]
    comparison: Comparison
    best: Candidate | None = None
    leads: tuple[Lead, ...] = ()
    heading: str = ""

    @property
    def settings(self) -> tuple[Setting, ...]:
        """All settings, the best first."""
        return self.comparison.settings

    @cached_property
    def pending(self) -> int:
        """How many points have not ended."""
        return sum(setting.pending for setting in self.settings)

    @property
    def separable(self) -> bool:
        """Whether the best is ahead of every other by more than noise."""
        return bool(self.leads) and all(lead.separable for lead in self.leads)


def answers(settings: Sequence[Setting], compare: Sequence[str] = ()) -> list[Answer]:
    """Returns the answer for each comparison: each length of the runs, each task, sweeps with the same other settings.

    Args:
        settings: The settings, the best first.
        compare: The keys that name a candidate; by default those of the schedule.
    """
    found = comparisons_of(settings)
    return [_answer(one, heading, compare) for one, heading in zip(found, headings_of(found), strict=True)]


def _answer(comparison: Comparison, heading: str, compare: Sequence[str]) -> Answer:
    settings = comparison.settings
    swept = [key for key in settings[0].values if len({setting.values[key] for setting in settings}) > 1]
    keys = tuple(compare) or schedule_keys(swept)
    candidates = candidates_of(settings, keys)
    if not candidates:
        return Answer(keys, comparison, heading=heading)
    reach = _reach(sound(settings))
    leads = [_lead(candidates[0], other, settings, keys, reach) for other in candidates[1:]]
    return Answer(keys, comparison, candidates[0], tuple(leads), heading)


def _reach(settings: Sequence[Setting]) -> float:
    """Returns how far apart two settings may look though they are equal, by the median noise of the better half."""
    ordered = sorted(settings, key=lambda setting: setting.mean or 0.0)
    better = ordered[: max(2, (len(ordered) + 1) // 2)]
    errors = [one.deviation / math.sqrt(one.count) for one in better if one.deviation is not None]
    return _REACH * math.sqrt(2) * float(np.median(errors)) if errors else 0.0


def _lead(best: Candidate, other: Candidate, settings: Sequence[Setting], keys: Sequence[str], reach: float) -> Lead:
    a, b = best.best, other.best
    seeds = sorted(a.objectives.keys() & b.objectives.keys())
    if len(seeds) < 2:
        return _unpaired(a, b, other)
    limit = (a.mean or 0.0) + reach
    near = [one for one in settings if one.count and not one.diverged and (one.mean or 0.0) <= limit]
    rivals = sum(any(one.values.get(key) != b.values.get(key) for key in keys) for one in near)
    pool = [one for one in near if one is not a and one is not b and one.objectives.keys() >= set(seeds)]
    pair, beside = _table([a, b], seeds), _table([a, b, *pool], seeds)
    differences = pair[1] - pair[0]
    variance, degrees = _variance(differences, beside)
    error = math.sqrt(variance / len(seeds))
    return Lead(other, float(differences.mean()), error, len(seeds), degrees, max(1, rivals))


def _table(settings: Sequence[Setting], seeds: Sequence[str]) -> np.ndarray:
    return np.array([[setting.objectives[seed] for seed in seeds] for setting in settings])


def _variance(differences: np.ndarray, beside: np.ndarray) -> tuple[float, int]:
    """Returns the variance of a difference and its degrees of freedom.

    Blocked by seed, the residuals of all settings in `beside` have (settings - 1)(n - 1) degrees of freedom. The
    contrast of the pair is n - 1 of them; the rest is from the other settings.
    """
    count = len(differences)
    own = float(((differences - differences.mean()) ** 2).sum())
    residuals = beside - beside.mean(axis=1, keepdims=True)
    residuals -= residuals.mean(axis=0)
    rest = (len(beside) - 2) * (count - 1)
    if rest == 0:
        return own / (count - 1), count - 1
    lent = min(rest, _PRIOR)
    others = 2 * max(0.0, float((residuals**2).sum()) - own / 2) / rest
    return (own + lent * others) / (count - 1 + lent), count - 1 + lent


def _unpaired(a: Setting, b: Setting, other: Candidate) -> Lead:
    difference = (b.mean or 0.0) - (a.mean or 0.0)
    if a.deviation is None or b.deviation is None:
        return Lead(other, difference)
    error = math.hypot(a.deviation / math.sqrt(a.count), b.deviation / math.sqrt(b.count))
    return Lead(other, difference, error, 0, min(a.count, b.count) - 1)

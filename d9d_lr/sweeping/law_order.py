"""The points of a sweep in the order of a law: the place and the prediction of each, or why there is none."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from d9d_lr.comparing.words import measured
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.fixed_rules import FIXED_RULES
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law, Prediction
from d9d_lr.laws.ranking import Ranked, Ranking, rank
from d9d_lr.runs.record import RecordedPrediction
from d9d_lr.sweeping.preflight import CheckedPoint

TIED = "≈"

_UNKNOWN = Problem("lr", "nobody can say their learning rates before they run")


@dataclass(frozen=True)
class Placed:
    """Where a schedule stands among those of its length."""

    place: int
    row: Ranked
    trusted: bool


@dataclass(frozen=True)
class LawOrder:
    """The schedules of a sweep in the law's order.

    Attributes:
        places: The place of the schedule of each point that the law can tell of, by the point's folder.
        silent: Why the law says nothing of a point, by its folder.
        rankings: How each length was ranked.
    """

    places: dict[str, Placed]
    silent: dict[str, Problem]
    rankings: dict[int, Ranking]

    @classmethod
    def of(cls, points: Sequence[CheckedPoint], law: Law) -> LawOrder:
        """Asks a law about points; those of one schedule, as the seeds of a setting are, count once."""
        silent: dict[str, Problem] = {}
        lengths: dict[int, dict[bytes, tuple[FloatArray, list[str]]]] = {}
        for point in points:
            rates = point.rates() if point.rates else None
            problems = [_UNKNOWN] if rates is None else law.limits.problems(rates)
            if rates is None or problems:
                silent[point.folder] = problems[0]
                continue
            schedules = lengths.setdefault(len(rates), {})
            schedules.setdefault(hashlib.blake2b(rates.tobytes()).digest(), (rates, []))[1].append(point.folder)
        rankings: dict[int, Ranking] = {}
        places: dict[str, Placed] = {}
        for length, schedules in lengths.items():
            rules = [law.reference_lr * rule(length, law.warmup_steps) for rule in FIXED_RULES.values()]
            known = list(schedules.values())
            ranking = rankings[length] = rank(law, [*(rates for rates, _ in known), *rules])
            own = [row for row in ranking.rows if row.index < len(known)]
            for place, row in enumerate(own, start=1):
                places |= {folder: Placed(place, row, ranking.trusted) for folder in known[row.index][1]}
        return cls(places, silent, rankings)

    def told(self, point: CheckedPoint, law: str) -> CheckedPoint:
        """Returns a point with what the law says of it."""
        found = self.places.get(point.folder)
        if found is None:
            return replace(point, columns={**point.columns, "predicted": "-", "order": ""})
        place = f"{found.place}{f' {TIED}' if found.row.tied else ''}" if found.trusted else ""
        return _with(point, found.row.prediction, law, place)

    def silence(self) -> Iterator[str]:
        """Yields what the law says nothing of."""
        for problem in dict.fromkeys(self.silent.values()):
            count = sum(one == problem for one in self.silent.values())
            yield f"no prediction for {count} of {len(self.silent) + len(self.places)} points: {problem.message}"

    def doubts(self) -> Iterator[str]:
        """Yields why there is no order, and what the mark of one means."""
        for length, ranking in self.rankings.items():
            if not ranking.trusted:
                yield f"no order of the schedules of {length} steps: {ranking.refusal}"
        if any(found.trusted and found.row.tied for found in self.places.values()):
            yield f"{TIED} cannot be told from the lowest prediction"

    def refuse(self, key: str) -> None:
        """Refuses to choose where the law does not rank.

        Raises:
            ConfigError: If it does not.
        """
        hint = "predict without predict_top shows what it says and runs everything"
        problems = [Problem(key, f"the law cannot choose: {text}", hint) for text in self.silence()]
        problems += [
            Problem(key, f"the law does not rank the schedules of {length} steps: {ranking.refusal}", hint)
            for length, ranking in self.rankings.items()
            if not ranking.trusted
        ]
        if problems:
            raise ConfigError(problems)


def predicted_rule(point: CheckedPoint, law: Law, path: str) -> CheckedPoint:
    """Returns the point of a fixed rule with what a law says of it.

    Args:
        point: The point, which says its learning rates.
        law: The law.
        path: Its file, as typed.
    """
    assert point.rates is not None
    return _with(point, law.predict(point.rates()), path, "rule")


def _with(point: CheckedPoint, prediction: Prediction, law: str, place: str) -> CheckedPoint:
    columns = {"predicted": measured(prediction.loss, prediction.half_width), "order": place}
    told = RecordedPrediction(loss=prediction.loss, low=prediction.low, high=prediction.high, law=law)
    return replace(point, columns={**point.columns, **columns}, predicted=told)

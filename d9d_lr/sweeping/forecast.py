"""What a law says of the points of a sweep before they run, and which of them it lets run.

`sweep.predict=law.json` gives every point a prediction; `sweep.predict_top=K` runs the K schedules of each length that
the law puts first, with all of their seeds, and the fixed rules beside them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from d9d_lr.comparing.words import measured
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.fixed_rules import FIXED_RULES
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.law import Law, Prediction
from d9d_lr.laws.law_file import read_law
from d9d_lr.laws.ranking import Ranked, Ranking, rank
from d9d_lr.runs.record import RecordedPrediction
from d9d_lr.sweeping.baselines import baselines, does_the_same
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.sweep import Sweep

TIED = "≈"

_UNKNOWN = Problem("lr", "nobody can say their learning rates before they run")


@dataclass(frozen=True)
class Forecast:
    """What is to be run.

    Attributes:
        points: The points to run, with what a law says of each.
        left_out: The points that the law puts behind them, the best first.
        notes: What to know of it.
    """

    points: Sequence[CheckedPoint]
    left_out: Sequence[CheckedPoint] = ()
    notes: Sequence[str] = ()


def forecast(sweep: Sweep, points: Sequence[CheckedPoint]) -> Forecast:
    """Asks the law of a sweep, if it has one, about its points.

    Raises:
        ConfigError: If there is no such law, or it is to choose and cannot.
    """
    settings = sweep.settings
    if settings.predict is None:
        return Forecast(points)
    law = _law(settings.predict, f"{sweep.section}.predict")
    order = _LawOrder.of(points, law, settings.predict)
    told = [order.told(point) for point in points]
    if settings.predict_top is None:
        return Forecast(told, notes=[*order.silence(), *order.doubts()])
    order.refuse(f"{sweep.section}.predict_top")
    found, missing = baselines(sweep, points, law)
    return _chosen(told, order, settings.predict_top, [order.told_of_rule(rule) for rule in found], missing)


@dataclass(frozen=True)
class _Placed:
    """Where a schedule stands among those of its length."""

    place: int
    row: Ranked
    trusted: bool


@dataclass(frozen=True)
class _LawOrder:
    """The schedules of a sweep in the law's order.

    Attributes:
        law: The law.
        path: Its file, as typed.
        places: The place of the schedule of each point that the law can tell of, by the point's folder.
        silent: Why the law says nothing of a point, by its folder.
        rankings: How each length was ranked.
    """

    law: Law
    path: str
    places: dict[str, _Placed]
    silent: dict[str, Problem]
    rankings: dict[int, Ranking]

    @classmethod
    def of(cls, points: Sequence[CheckedPoint], law: Law, path: str) -> _LawOrder:
        """Asks a law about points; those of one schedule, as the seeds of a setting are, count once."""
        silent: dict[str, Problem] = {}
        lengths: dict[int, dict[bytes, tuple[FloatArray, list[str]]]] = {}
        for point in points:
            rates = point.preview.rates() if point.preview.rates else None
            problems = [_UNKNOWN] if rates is None else law.limits.problems(rates)
            if rates is None or problems:
                silent[point.folder] = problems[0]
                continue
            schedules = lengths.setdefault(len(rates), {})
            schedules.setdefault(hashlib.blake2b(rates.tobytes()).digest(), (rates, []))[1].append(point.folder)
        rankings: dict[int, Ranking] = {}
        places: dict[str, _Placed] = {}
        for length, schedules in lengths.items():
            rules = [law.reference_lr * rule(length, law.warmup_steps) for rule in FIXED_RULES.values()]
            known = list(schedules.values())
            ranking = rankings[length] = rank(law, [*(rates for rates, _ in known), *rules])
            own = [row for row in ranking.rows if row.index < len(known)]
            for place, row in enumerate(own, start=1):
                places |= {folder: _Placed(place, row, ranking.trusted) for folder in known[row.index][1]}
        return cls(law, path, places, silent, rankings)

    def told(self, point: CheckedPoint) -> CheckedPoint:
        """Returns a point with what the law says of it."""
        found = self.places.get(point.folder)
        if found is None:
            return _with_columns(point, "-", "")
        place = f"{found.place}{f' {TIED}' if found.row.tied else ''}" if found.trusted else ""
        return self._with(point, found.row.prediction, place)

    def told_of_rule(self, rule: CheckedPoint) -> CheckedPoint:
        """Returns the point of a fixed rule, which says its learning rates, with what the law says of it."""
        assert rule.preview.rates is not None
        return self._with(rule, self.law.predict(rule.preview.rates()), "rule")

    def _with(self, point: CheckedPoint, prediction: Prediction, place: str) -> CheckedPoint:
        told = RecordedPrediction(loss=prediction.loss, low=prediction.low, high=prediction.high, law=self.path)
        return replace(_with_columns(point, measured(prediction.loss, prediction.half_width), place), predicted=told)

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


def _with_columns(point: CheckedPoint, predicted: str, order: str) -> CheckedPoint:
    columns = {**point.preview.columns, "predicted": predicted, "order": order}
    return replace(point, preview=replace(point.preview, columns=columns))


def _law(path: str, key: str) -> Law:
    try:
        return read_law(Path(path))
    except ConfigError as error:
        raise ConfigError(Problem(key, f"{one.key}: {one.message}", one.hint) for one in error.problems) from None


def _chosen(
    points: Sequence[CheckedPoint], order: _LawOrder, most: int, rules: Sequence[CheckedPoint], missing: Sequence[str]
) -> Forecast:
    """Returns the points of the first schedules of each length, and the fixed rules, each configuration once."""
    known = {does_the_same(point) for point in points}
    ruled = {does_the_same(rule) for rule in rules}
    first = [point for point in points if order.places[point.folder].place <= most or does_the_same(point) in ruled]
    extra = [rule for rule in rules if does_the_same(rule) not in known]
    added = [replace(rule, number=number) for number, rule in enumerate(extra, start=len(points))]
    kept = {point.folder for point in first}
    left_out = [point for point in points if point.folder not in kept]
    left_out.sort(key=lambda point: order.places[point.folder].place)
    notes = [f"{len(first)} of {len(points)} points run: the {most} schedules that the law puts first, and fixed rules"]
    if added:
        notes.append(f"{len(added)} points are added, of fixed rules that are not among them")
    notes += [f"{name} cannot be written in this sweep, and is no baseline of it" for name in missing]
    return Forecast([*first, *added], left_out, [*notes, *order.doubts()])

"""What a law says of the points of a sweep before they run, and which of them it lets run.

`sweep.predict=law.json` gives every point a prediction; `sweep.predict_top=K` runs the K schedules of each length that
the law puts first, with all of their seeds, and the fixed rules beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.law import Law
from d9d_lr.laws.law_file import read_law
from d9d_lr.sweeping.baselines import Check, baselines, does_the_same
from d9d_lr.sweeping.law_order import LawOrder, predicted_rule
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.settings import SweepConfig


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


def forecast(points: Sequence[CheckedPoint], settings: SweepConfig, section: str, check: Check) -> Forecast:
    """Asks the law of a sweep, if it has one, about its points.

    Args:
        points: The points.
        settings: How the sweep goes.
        section: Where a user types that.
        check: Composes and validates further points.

    Raises:
        ConfigError: If there is no such law, or it is to choose and cannot.
    """
    if settings.predict is None:
        return Forecast(points)
    law = _law(settings.predict, f"{section}.predict")
    order = LawOrder.of(points, law)
    told = [order.told(point, settings.predict) for point in points]
    if settings.predict_top is None:
        return Forecast(told, notes=[*order.silence(), *order.doubts()])
    order.refuse(f"{section}.predict_top")
    found, missing = baselines(points, law, check)
    rules = [predicted_rule(rule, law, settings.predict) for rule in found]
    return _chosen(told, order, settings.predict_top, rules, missing)


def _law(path: str, key: str) -> Law:
    try:
        return read_law(Path(path))
    except ConfigError as error:
        raise ConfigError(Problem(key, f"{one.key}: {one.message}", one.hint) for one in error.problems) from None


def _chosen(
    points: Sequence[CheckedPoint], order: LawOrder, most: int, rules: Sequence[CheckedPoint], missing: Sequence[str]
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

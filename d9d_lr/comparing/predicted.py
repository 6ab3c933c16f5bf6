"""Predictions beside what came out: how often the interval held, and what became of what was predicted best."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.words import measured
from d9d_lr.runs.record import RecordedPrediction


@dataclass(frozen=True)
class PredictedSetting:
    """A setting with its prediction and its outcome.

    Attributes:
        setting: The setting; it has at least one objective.
        predicted: The prediction of a law.
        inside: How many of its objectives lie inside the interval.
    """

    setting: Setting
    predicted: RecordedPrediction
    inside: int

    @property
    def mean(self) -> float:
        """The mean objective."""
        return sum(self.setting.objectives.values()) / self.setting.count


def predicted_settings(settings: Sequence[Setting]) -> list[PredictedSetting]:
    """Returns the settings that have a prediction and an outcome, in their order."""
    return [
        PredictedSetting(one, one.predicted, sum(one.predicted.low <= value <= one.predicted.high for value in values))
        for one in settings
        if one.predicted is not None and (values := one.objectives.values())
    ]


def predicted_text(setting: Setting) -> str:
    """Returns a prediction with half its interval, as `1.876 ± 0.066`; empty if there is none."""
    found = setting.predicted
    return "" if found is None else measured(found.loss, (found.high - found.low) / 2)


def against_real(settings: Sequence[Setting]) -> str:
    """Returns how good the predictions were; empty where nothing that was predicted has an outcome."""
    found = predicted_settings(settings)
    if not found:
        return ""
    runs, inside = sum(one.setting.count for one in found), sum(one.inside for one in found)
    off = float(np.mean([one.predicted.loss / one.mean - 1.0 for one in found]))
    held = (
        f"predicted against real: the interval held for {inside} of {runs} runs; predictions {off:+.2%} off on average"
    )
    return held + "".join(_order(group) for group in _lengths(found))


def rank_correlation(found: Sequence[PredictedSetting]) -> float | None:
    """Returns Spearman's correlation of predictions and means; None below three settings, or where all are equal."""
    if len(found) < 3:
        return None
    ranks = [_ranks([one.predicted.loss for one in found]), _ranks([one.mean for one in found])]
    if any(np.ptp(row) == 0 for row in ranks):
        return None
    return float(np.corrcoef(ranks)[0, 1])


def _order(found: Sequence[PredictedSetting]) -> str:
    """Returns what became of the lowest prediction among settings of one length."""
    if len(found) < 2:
        return ""
    about = f" of {found[0].setting.length} steps" if found[0].setting.length else ""
    lowest, best = min(found, key=lambda one: one.predicted.loss), min(found, key=lambda one: one.mean)
    correlation = rank_correlation(found)
    order = f" (rank correlation {correlation:.2f})" if correlation is not None else ""
    above = "the best" if lowest is best else f"{lowest.mean / best.mean - 1.0:.2%} above the best"
    return f"; the lowest prediction of {len(found)} settings{about}, {lowest.setting.label}, came out {above}{order}"


def _lengths(found: Sequence[PredictedSetting]) -> list[list[PredictedSetting]]:
    groups: dict[int | None, list[PredictedSetting]] = {}
    for one in found:
        groups.setdefault(one.setting.length, []).append(one)
    return list(groups.values())


def _ranks(values: Sequence[float]) -> np.ndarray:
    """Returns the place of each value; equal ones share the mean of theirs."""
    array = np.array(values)
    return np.array([(array < value).sum() + ((array == value).sum() - 1) / 2 for value in array])

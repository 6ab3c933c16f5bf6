"""Predicted against real as a drawing in the page: a bar for each interval, which holds where it meets the diagonal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from d9d_lr.comparing.predicted import PredictedSetting, predicted_text
from d9d_lr.comparing.words import measured
from d9d_lr.runs.results import OBJECTIVE

_WIDTH, _HEIGHT = 560, 380
_LEFT, _BOTTOM, _TOP, _RIGHT = 62, 42, 12, 12
_TICKS = 5


def predicted_chart(found: Sequence[PredictedSetting]) -> str:
    """Returns a figure with its caption; empty where there is nothing to draw."""
    if not found:
        return ""
    frame = Frame.of(found)
    parts = "".join((*_axes(frame), *(_bar(one, frame) for one in found)))
    drawn = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="predicted against real">{parts}</svg>'
    caption = "Predicted against real: bars are intervals, and hold where they meet the line"
    return f"<figure><figcaption><span>{caption}</span></figcaption>{drawn}</figure>"


@dataclass(frozen=True)
class Frame:
    """What a picture of predicted against real shows.

    Attributes:
        real: The lowest and the highest outcome, with a margin.
        predicted: The lowest and the highest end of an interval, with a margin.
    """

    real: tuple[float, float]
    predicted: tuple[float, float]

    @classmethod
    def of(cls, found: Sequence[PredictedSetting]) -> Frame:
        """Returns what shows everything that was found."""
        ends = [value for one in found for value in (one.predicted.low, one.predicted.high)]
        return cls(_widened([one.mean for one in found]), _widened(ends))

    @property
    def equal(self) -> tuple[float, float]:
        """From where to where both axes show the same value."""
        return max(self.real[0], self.predicted[0]), min(self.real[1], self.predicted[1])

    def across(self, real: float) -> float:
        """Returns where an outcome is in the drawing."""
        return _LEFT + (real - self.real[0]) / (self.real[1] - self.real[0]) * (_WIDTH - _LEFT - _RIGHT)

    def up(self, predicted: float) -> float:
        """Returns where a prediction is in the drawing."""
        low, high = self.predicted
        return _HEIGHT - _BOTTOM - (predicted - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def _widened(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.06 * (high - low) or 0.01 * abs(high) or 1.0
    return low - margin, high + margin


def _bar(one: PredictedSetting, frame: Frame) -> str:
    x, middle = frame.across(one.mean), frame.up(one.predicted.loss)
    ends = [frame.up(value) for value in (one.predicted.low, one.predicted.high)]
    held = f"{one.inside} of {one.setting.count} inside"
    real = measured(one.mean, one.setting.deviation)
    title = f"{one.setting.label}: predicted {predicted_text(one.setting)}, {OBJECTIVE} {real}, {held}"
    color = "var(--accent)" if one.inside == one.setting.count else "var(--bad)"
    return (
        f'<g stroke="{color}" fill="{color}"><title>{escape(title)}</title>'
        f'<path d="M{x:.1f} {ends[0]:.1f}V{ends[1]:.1f}" stroke-width="1.5" stroke-opacity=".45"/>'
        f'<circle cx="{x:.1f}" cy="{middle:.1f}" r="3.5" stroke="none"/></g>'
    )


def _axes(frame: Frame) -> Iterator[str]:
    foot = _HEIGHT - _BOTTOM
    for value in _ticks(frame.real):
        x = frame.across(value)
        yield f'<path class="grid" d="M{x:.1f} {_TOP}V{foot}"/>'
        yield f'<text x="{x:.1f}" y="{foot + 15}" text-anchor="middle">{value:.4g}</text>'
    for value in _ticks(frame.predicted):
        y = frame.up(value)
        yield f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>'
        yield f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'
    if frame.equal[0] < frame.equal[1]:
        ends = "L".join(f"{frame.across(value):.1f} {frame.up(value):.1f}" for value in frame.equal)
        yield f'<path d="M{ends}" stroke="var(--soft)" stroke-dasharray="5 4"/>'
    yield f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{OBJECTIVE}</text>'
    yield f'<text transform="translate(12 {(_TOP + foot) / 2}) rotate(-90)" text-anchor="middle">predicted</text>'


def _ticks(ends: tuple[float, float]) -> list[float]:
    """Returns about `_TICKS` values, at multiples of 1, 2 or 5 times a power of ten."""
    apart = (ends[1] - ends[0]) / _TICKS
    power = 10.0 ** np.floor(np.log10(apart))
    step = power * min((1, 2, 5, 10), key=lambda times: abs(times * power - apart))
    first, last = (int(np.ceil(end / step)) for end in ends)
    return [float(step) * number for number in range(first, last)]

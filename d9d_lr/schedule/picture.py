"""A schedule as a small drawing, for a notebook: plain SVG, which needs nothing installed and follows its theme.

What is drawn is the schedule's own value at a few hundred steps, and at and beside the end of every phase.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from d9d_lr.schedule.placed import SchedulePhase

_WIDTH, _HEIGHT = 560, 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 12, 12, 34
_POINTS = 400
_AFTER = 1.1  # of the phases, where the length of the run is not known


class _Drawn(Protocol):
    """What is drawn of a schedule."""

    @property
    def phases(self) -> Sequence[SchedulePhase]: ...
    @property
    def total_steps(self) -> int | None: ...
    def multipliers(self, steps: Any) -> Any: ...


@dataclass(frozen=True)
class Picture:
    """A drawing; a notebook shows it, and `save` writes it.

    Attributes:
        svg: The drawing.
    """

    svg: str

    def save(self, path: str | Path) -> None:
        """Writes the drawing as an SVG file."""
        Path(path).write_text(self.svg + "\n", encoding="utf-8")

    def _repr_svg_(self) -> str:
        return self.svg

    def __repr__(self) -> str:
        return f"Picture of {len(self.svg)} bytes of SVG; .save(path) writes it"


def picture(schedule: _Drawn, base_lr: float | None = None, last_step: int | None = None) -> Picture:
    """Draws a schedule.

    Args:
        schedule: The schedule.
        base_lr: The learning rate that it multiplies; without it, the multiplier is drawn.
        last_step: The last step to draw; by default that of the run, or a little after the last phase.
    """
    ends = [phase.end_step for phase in schedule.phases]
    last = last_step or schedule.total_steps or max(1, round(_AFTER * ends[-1]))
    corners = [step + offset for step in (0, *ends) for offset in (-1, 0, 1) if 0 <= step + offset <= last]
    steps = np.unique([*np.linspace(0, last, min(last + 1, _POINTS)).astype(np.int64).tolist(), *corners])
    values = schedule.multipliers(steps) * (1.0 if base_lr is None else base_lr)
    low, high = min(0.0, float(values.min())), float(values.max())
    high = high if high > low else low + 1.0
    x = _LEFT + steps / last * (_WIDTH - _LEFT - _RIGHT)
    y = _TOP + (high - values) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)
    line = "M" + "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    marks = _marks([0, *(end for end in ends if end <= last)], last, low, high)
    name = "multiplier" if base_lr is None else "learning rate"
    return Picture(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" role="img" '
        f'aria-label="{name} by step" style="max-width:100%;font:11px sans-serif" fill="currentColor">{marks}'
        f'<path d="{line}" fill="none" stroke="#0072b2" stroke-width="2"/></svg>'
    )


def schedule_html(schedule: _Drawn, title: str, base_lr: float | None = None) -> str:
    """Returns a drawing with a title and its phases in words, for a notebook."""
    phases = "".join(f"<li>{escape(words)}</li>" for words in phase_words(schedule))
    drawn = picture(schedule, base_lr).svg
    return f'<div><b>{escape(title)}</b><br>{drawn}<ol start="0" style="margin:0">{phases}</ol></div>'


def phase_words(schedule: _Drawn) -> list[str]:
    """Returns each phase in words: "steps 0 to 100: 0 to 1, linear"."""
    return [
        f"steps {phase.start_step} to {phase.end_step}: {phase.start_multiplier:g} to {phase.end_multiplier:g}, "
        f"{type(phase.curve).__name__.removeprefix('Curve').lower()}"
        for phase in schedule.phases
    ]


def _marks(corners: Sequence[int], last: int, low: float, high: float) -> str:
    """The frame, the ends of the phases, and as many numbers as have room."""
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="currentColor" stroke-opacity=".35"/>']
    for value, height in ((high, _TOP + 4), ((low + high) / 2, (_TOP + bottom) / 2 + 4), (low, bottom + 4)):
        parts.append(f'<text x="{_LEFT - 6}" y="{height:.0f}" text-anchor="end">{value:.4g}</text>')
    written = -1e9
    for step in sorted({*corners, last}):
        x = _LEFT + step / last * (right - _LEFT)
        parts.append(f'<path d="M{x:.1f} {_TOP}V{bottom}" stroke="currentColor" stroke-opacity=".15"/>')
        if x - written > 7 * len(str(step)) + 8:
            anchor = "end" if x > right - 20 else "middle"
            parts.append(f'<text x="{x:.1f}" y="{bottom + 14}" text-anchor="{anchor}">{step}</text>')
            written = x
    parts.append(f'<text x="{(_LEFT + right) / 2}" y="{_HEIGHT - 5}" text-anchor="middle">step</text>')
    return "".join(parts)

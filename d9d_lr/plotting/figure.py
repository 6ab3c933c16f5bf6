"""Schedules as a figure: PNG, SVG or PDF by the file's ending. Needs matplotlib, the extra `plot`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.plotting.many import FEW, Legend, legend_of
from d9d_lr.plotting.palette import Look, line_style, literal
from d9d_lr.plotting.quantity import Panel, Quantity, values_of
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.plotting.series import Series
from d9d_lr.plotting.window import Window
from d9d_lr.runs.atomic import write_whole
from d9d_lr.schedule.piecewise import boundaries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

ENDINGS = (".png", ".svg", ".pdf")
_RC: Any = {
    "svg.hashsalt": "d9d_lr",
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
"""The same figure gives the same bytes, and text is text, to search and to select."""


def check_ending(path: Path) -> None:
    """Refuses a file whose ending names no format.

    Raises:
        ConfigError: If the ending is not one of `ENDINGS`.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError([Problem("--out", f"{str(path)!r} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")])


def draw(panels: Sequence[Panel], window: Window | None = None) -> Figure:
    """Draws each panel below the one before it, all over the same steps, with the boundaries of phases marked.

    Args:
        panels: What is scheduled.
        window: Which part of it, on which axes; all of it by default.
    """
    window = window or Window()
    figure = new_figure(width=9.0, height=4.5 if len(panels) == 1 else 1.5 + 2.5 * len(panels))
    rows = figure.subplots(len(panels), squeeze=False, sharex=True)[:, 0]
    for place, (axes, panel) in enumerate(zip(rows, panels, strict=True)):
        _draw_panel(axes, panel, window, titled=place == 0)
        axes.label_outer()
    return figure


def _draw_panel(axes: Axes, panel: Panel, window: Window, *, titled: bool) -> None:
    series, quantity = panel.series, panel.quantity
    legend = legend_of(series)
    # Where lines lie on one another, the later ones are thinner and leave the earlier ones in sight.
    widths = np.linspace(4.0, 1.5, len(series)) if 1 < len(series) <= FEW else [1.5] * len(series)
    for one, drawn, width in zip(series, legend.looks, widths, strict=True):
        end = window.end(one.total_steps)
        steps = steps_to_draw(one.schedule, end, first_step=window.first_step, log=window.log_x)
        values = values_of(one, steps, quantity)
        axes.plot(steps, values, color=drawn.color, linestyle=line_style(drawn), linewidth=width, label=one.label)
        if len(series) <= FEW:
            _mark_boundaries(axes, one, quantity, drawn.color, window)
    if len(series) == 1:
        axes.set_title(literal(series[0].label) if titled else "", loc="left", fontsize=10)
        for step in _boundaries(series[0], window):
            axes.axvline(step, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    else:
        _legend(axes, legend)
    axes.margins(x=0.01)
    _scale(axes, window)
    name_axes(axes, "step", panel.label)


def save(figure: Figure, path: Path) -> None:
    """Writes a figure, whole or not at all, and through no link; the same figure gives the same bytes.

    Raises:
        RunError: If the file cannot be written.
    """
    import matplotlib as mpl

    nameless = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context(_RC):
            draw = partial(figure.savefig, format=path.suffix.lower().lstrip("."), dpi=150, metadata=nameless)
            write_whole(path, draw)
    except OSError as error:
        raise RunError(f"{path} cannot be written: {error.strerror or error}") from error


def require_matplotlib() -> None:
    """Refuses to go on without matplotlib.

    Raises:
        RunError: If it is not installed, naming the extra that brings it.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError as error:
        raise RunError("figures need matplotlib; install the extra: pip install 'd9d-lr[plot]'") from error


def new_figure(width: float, height: float) -> Figure:
    """Returns an empty figure that belongs to no window, so that drawing works without a screen and leaves no state.

    Raises:
        RunError: If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def new_axes(x_label: str, y_label: str) -> tuple[Figure, Axes]:
    """Returns a figure of the usual size with one pair of axes.

    Raises:
        RunError: If matplotlib is not installed.
    """
    figure = new_figure(width=9.0, height=4.5)
    axes = figure.add_subplot()
    name_axes(axes, x_label, y_label)
    return figure, axes


def name_axes(axes: Axes, x_label: str, y_label: str) -> None:
    """Says what a pair of axes shows, and gives it a faint grid and no frame."""
    axes.set_xlabel(literal(x_label))
    axes.set_ylabel(literal(y_label))
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)


def legend_lines(entries: Iterable[tuple[str, Look]], width: float) -> list[Line2D]:
    """Returns a line for each entry of a legend."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=one.color, linestyle=line_style(one), linewidth=width, label=literal(label))
        for label, one in entries
    ]


def _boundaries(one: Series, window: Window) -> list[int]:
    last = window.end(one.total_steps)
    return [step for step in boundaries(one.schedule.phases) if window.first_step <= step <= last]


def _mark_boundaries(axes: Axes, one: Series, quantity: Quantity, color: str, window: Window) -> None:
    steps = np.array(_boundaries(one, window), dtype=np.int64)
    axes.plot(steps, values_of(one, steps, quantity), "o", color=color, markersize=4)


def _scale(axes: Axes, window: Window) -> None:
    if window.log_x:
        axes.set_xscale("symlog", linthresh=max(1, window.first_step), linscale=0.3)
        axes.set_xlim(left=window.first_step)
    if window.log_y:
        heights = np.concatenate([np.asarray(line.get_ydata(), dtype=np.float64) for line in axes.lines])
        seen = heights[heights > max(0.0, window.floor(float(heights.max())))]
        axes.set_yscale("log", nonpositive="mask")
        if len(seen):
            axes.set_ylim(0.8 * float(seen.min()), 1.3 * float(seen.max()))


def _legend(axes: Axes, legend: Legend) -> None:
    handles = legend_lines(legend.entries, 1.8)
    title = literal(legend.title)
    if len(handles) <= FEW:
        axes.legend(handles=handles, title=title, fontsize=8, title_fontsize=8)
        return
    beside: Any = {
        "loc": "upper left",
        "bbox_to_anchor": (1.0, 1.0),
        "ncols": 1 + len(handles) // 25,
        "handlelength": 5,
    }
    axes.legend(handles=handles, title=title, fontsize=6, title_fontsize=7, **beside)

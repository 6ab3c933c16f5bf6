"""Schedules as a figure: PNG, SVG or PDF by the file's ending. Needs matplotlib, the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.plotting.labels import short_labels
from d9d_lr.plotting.quantity import Quantity, axis_label, values_of
from d9d_lr.plotting.sampling import steps_to_draw
from d9d_lr.plotting.series import Series
from d9d_lr.runs.atomic import write_whole
from d9d_lr.schedule.piecewise import boundaries

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ENDINGS = (".png", ".svg", ".pdf")
_MANY = 10  # beyond this the colours come from a scale, and the legend stands beside the plot


def check_ending(path: Path) -> None:
    """Refuses a file whose ending names no format.

    Raises:
        ConfigError: If the ending is not one of `ENDINGS`.
    """
    if path.suffix.lower() not in ENDINGS:
        raise ConfigError([Problem("--out", f"{str(path)!r} must end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")])


def draw(series: Sequence[Series], quantity: Quantity) -> Figure:
    """Draws all series into one figure, with their phase boundaries marked."""
    figure = new_figure(width=9.0, height=4.5)
    axes = figure.add_subplot()
    title, labels = short_labels([dict(one.swept) for one in series])
    colors = series_colors(len(series))
    # Where lines lie on one another, the later ones are thinner and leave the earlier ones in sight.
    widths = np.linspace(4.0, 1.5, len(series)) if 1 < len(series) <= _MANY else [1.5] * len(series)
    for one, label, color, width in zip(series, labels, colors, widths, strict=True):
        steps = steps_to_draw(one.schedule, one.total_steps)
        axes.plot(steps, values_of(one, steps, quantity), color=color, linewidth=width, label=label)
        _mark_boundaries(axes, one, quantity, color)
    if len(series) == 1:
        axes.set_title(series[0].label, loc="left", fontsize=10)
        for step in boundaries(series[0].schedule.phases):
            axes.axvline(step, color="0.6", linewidth=0.8, linestyle=":", zorder=0)
    else:
        _legend(axes, title, len(series))
    axes.set_xlabel("step")
    axes.set_ylabel(axis_label(quantity))
    axes.margins(x=0.01)
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure


def save(figure: Figure, path: Path) -> None:
    """Writes a figure, whole or not at all, and through no link; the same figure gives the same bytes.

    Raises:
        RunError: If the file cannot be written.
    """
    import matplotlib as mpl

    nameless = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix.lower())
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with mpl.rc_context({"svg.hashsalt": "d9d_lr"}):
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


def series_colors(count: int) -> list[Any]:
    """Returns a colour for each of so many lines: distinct ones for a few, a scale for many."""
    import matplotlib as mpl

    if count <= _MANY:
        return [mpl.color_sequences["tab10"][index] for index in range(count)]
    return [mpl.colormaps["viridis"](0.95 * index / (count - 1)) for index in range(count)]


def _mark_boundaries(axes: Axes, one: Series, quantity: Quantity, color: Any) -> None:
    steps = np.array(boundaries(one.schedule.phases))
    axes.plot(steps, values_of(one, steps, quantity), "o", color=color, markersize=4)


def _legend(axes: Axes, title: str, count: int) -> None:
    if count <= _MANY:
        axes.legend(title=title, fontsize=8, title_fontsize=8)
        return
    columns = 1 + count // 25
    axes.legend(title=title, fontsize=6, title_fontsize=7, ncols=columns, loc="upper left", bbox_to_anchor=(1.0, 1.0))

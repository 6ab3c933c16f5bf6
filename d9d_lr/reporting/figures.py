"""The figures of a report as PNG files. Needs matplotlib, the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from d9d_lr.plotting.figure import new_figure, require_matplotlib, save, series_colors
from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.sweep_view import HeatMap, SweepView, as_number, heat_maps, values_in_order
from d9d_lr.runs.folders import ReportFolder
from d9d_lr.runs.results import OBJECTIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FEW = 10
_LOG_FROM_RATIO = 30


def write_figures(view: SweepView, folder: Path) -> list[Path]:
    """Writes a picture of the schedules, one of the losses, for each swept key and each pair of them.

    Raises:
        RunError: If matplotlib is not installed, or a file cannot be written.
    """
    require_matplotlib()
    colors = _run_colors(view)
    figures = {"schedules": _schedules(view, colors), "losses": _losses(view, colors)}
    if view.best:
        figures |= {f"{OBJECTIVE}_by_{_safe(key)}": _by_value(view, key, colors) for key in view.keys}
        maps = heat_maps(view)
        figures |= {f"{OBJECTIVE}_by_{_safe(one.across)}_and_{_safe(one.down)}": _heat(one) for one in maps}
    written = [ReportFolder(folder).figure(name) for name in figures]
    for path, figure in zip(written, figures.values(), strict=True):
        save(figure, path)
    return written


def _schedules(view: SweepView, colors: Sequence[Any]) -> Figure:
    figure, axes = _axes("learning rate")
    _lines(axes, [run.curves.lr for run in view.runs], colors, 1.5)
    _legend(axes, view, colors)
    return figure


def _losses(view: SweepView, colors: Sequence[Any]) -> Figure:
    figure, axes = _axes("loss: training thin, validation with dots")
    _lines(axes, [run.curves.train_loss for run in view.runs], colors, 0.6, alpha=0.4)
    _lines(axes, [run.curves.val_loss for run in view.runs], colors, 1.5)
    for run, color in zip(view.runs, colors, strict=True):
        axes.plot(*run.curves.val_loss, "o", color=color, markersize=3)
    everything = np.concatenate([[0.0], *(run.curves.train_loss[1] + run.curves.val_loss[1] for run in view.runs)])
    usual = np.quantile(everything, 0.95)
    if everything.max() > 4 * usual > 0:
        axes.set_ylim(top=1.5 * usual)
    _legend(axes, view, colors)
    return figure


def _by_value(view: SweepView, key: str, colors: Sequence[Any]) -> Figure:
    figure, axes = _axes(OBJECTIVE, key)
    names = values_in_order(view, key)
    sizes = [size for size in map(as_number, names) if size is not None]
    numeric = len(sizes) == len(names)
    place = dict(zip(names, sizes if numeric else map(float, range(len(names))), strict=True))
    done = [(run, color) for run, color in zip(view.runs, colors, strict=True) if run.objective is not None]
    axes.scatter(
        [place[run.changed.get(key, "-")] for run, _ in done],
        [run.objective or 0.0 for run, _ in done],
        color=[color for _, color in done],
        alpha=0.85,
    )
    if not numeric:
        axes.set_xticks(range(len(names)), names, rotation=20 if max(map(len, names)) > 8 else 0)
    elif min(sizes) > 0 and max(sizes) / min(sizes) >= _LOG_FROM_RATIO:
        axes.set_xscale("log")
    return figure


def _heat(found: HeatMap) -> Figure:
    figure, axes = _axes(found.down, found.across)
    means = np.array([[np.nan if mean is None else mean for mean, _ in row] for row in found.cells])
    image = axes.imshow(np.ma.masked_invalid(means), aspect="auto", cmap="viridis")
    axes.set_xticks(range(len(found.columns)), found.columns)
    axes.set_yticks(range(len(found.rows)), found.rows)
    axes.grid(visible=False)
    if means.size <= 100:
        for (row, column), mean in np.ndenumerate(means):
            if np.isfinite(mean):
                dark = mean - np.nanmin(means) < 0.5 * np.ptp(means[np.isfinite(means)])
                color = "white" if dark else "black"
                axes.text(column, row, f"{mean:.4g}", ha="center", va="center", color=color)
    figure.colorbar(image, label=OBJECTIVE)
    return figure


def _axes(y_label: str, x_label: str = "step") -> tuple[Figure, Axes]:
    figure = new_figure(width=9.0, height=4.5)
    axes = figure.add_subplot()
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(visible=True, alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _lines(axes: Axes, curves: Sequence[Curve], colors: Sequence[Any], width: float, alpha: float = 1.0) -> None:
    from matplotlib.collections import LineCollection

    segments = [np.column_stack(curve) for curve in curves if curve[0]]
    drawn = [color for curve, color in zip(curves, colors, strict=True) if curve[0]]
    # The best run comes first, and is drawn last.
    axes.add_collection(LineCollection(segments[::-1], colors=drawn[::-1], linewidths=width, alpha=alpha))
    axes.autoscale_view()


def _run_colors(view: SweepView) -> list[Any]:
    """Returns distinct colours for a few runs; for many, a scale from the best to the worst, grey without objective."""
    if len(view.runs) <= _FEW:
        return series_colors(len(view.runs))
    done = sum(run.objective is not None for run in view.runs)
    return [*series_colors(max(done, _FEW + 1))[:done], *["0.7"] * (len(view.runs) - done)]


def _legend(axes: Axes, view: SweepView, colors: Sequence[Any]) -> None:
    if len(view.runs) > _FEW:
        axes.set_title(
            f"{len(view.runs)} runs, from dark (lowest {OBJECTIVE}) to light; grey: none", loc="left", fontsize=9
        )
        return
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=color, label=label) for color, label in zip(colors, view.labels, strict=True)]
    axes.legend(handles=handles, fontsize=7)


def _safe(key: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in key).strip("_")

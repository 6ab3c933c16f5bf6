"""The figures of a report as PNG files, with the colours and line styles of the page. Needs the extra `plot`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from d9d_lr.comparing.answer import Answer
from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.predicted import PredictedSetting
from d9d_lr.plotting.figure import legend_lines, new_axes, require_matplotlib, save
from d9d_lr.plotting.palette import Look, line_style, literal, look
from d9d_lr.reporting.page_data import scheduled_names
from d9d_lr.reporting.predicted_chart import Frame
from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.saved_values import exact_lr, exact_others
from d9d_lr.reporting.sweep_view import HeatMap, SweepView, as_number, heat_maps, values_in_order
from d9d_lr.runs.results import OBJECTIVE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MANY = 40  # settings, from which on losses are drawn for the best setting of each schedule only
_LATE = 0.4  # of the steps, from which on every loss is in sight
_LOG_FROM_RATIO = 10
_LONGEST_LEGEND = 28


def write_figures(view: SweepView, folder: Path) -> list[Path]:
    """Writes `report_schedules.png`, `report_losses.png`, and one file for each swept key and each pair of them.

    Where a law was asked, `report_predicted.png` has its predictions against what came out.

    Raises:
        RunError: If matplotlib is not installed, or a file cannot be written.
    """
    require_matplotlib()
    looks = looks_of(view)
    figures = {"schedules": _schedules(view, looks), "losses": _losses(view, looks)}
    for name in scheduled_names(view):
        figures[f"schedules_{_safe(name)}"] = _scheduled(view, name, looks)
    if any(one.mean is not None for one in view.settings):
        figures |= {f"{OBJECTIVE}_by_{_safe(key)}": _by_value(view, key, looks) for key in view.keys}
        maps = heat_maps(view)
        if view.predicted_settings:
            figures["predicted"] = _predicted(view.predicted_settings)
        figures |= {_map_name(one): _heat(one) for one in maps}
    written = [folder / f"report_{name}.png" for name in figures]
    for path, figure in zip(written, figures.values(), strict=True):
        save(figure, path)
    return written


def looks_of(view: SweepView) -> dict[str, Look]:
    """Returns the look of each schedule, by its name, as on the page."""
    names = sorted({_name(view, one) for one in view.settings}, key=lambda name: as_number(name) or 0.0)
    if any(as_number(name) is None for name in names):
        names = list(dict.fromkeys(_name(view, one) for one in view.settings))
    return {name: look(place) for place, name in enumerate(names)}


def _name(view: SweepView, one: Setting) -> str:
    key = view.schedule_keys[0] if view.schedule_keys else ""
    return one.values.get(key, "")


def _schedules(view: SweepView, looks: dict[str, Look]) -> Figure:
    figure, axes = new_axes("step", "learning rate")
    seen: set[tuple[str, Curve]] = set()
    for one in view.settings:
        drawn = exact_lr(view.runs[one.points[0]])
        if drawn[0] and (_name(view, one), drawn) not in seen:
            seen.add((_name(view, one), drawn))
            _line(axes, drawn, looks[_name(view, one)], 1.5)
    _legend(axes, looks)
    return figure


def _scheduled(view: SweepView, name: str, looks: dict[str, Look]) -> Figure:
    figure, axes = new_axes("step", name)
    drawn = {(_name(view, one), exact_others(view.runs[one.points[0]]).get(name)) for one in view.settings}
    for schedule, curve in sorted((pair for pair in drawn if pair[1]), key=lambda pair: pair[0]):
        assert curve is not None, "it was left out"
        _line(axes, curve, looks[schedule], 1.5)
    _legend(axes, looks)
    return figure


def _losses(view: SweepView, looks: dict[str, Look]) -> Figure:
    figure, axes = new_axes("step", "loss")
    axes.set_title("training thin, validation with dots; bands over seeds", fontsize=9, loc="left")
    drawn = _compared(view) if len(view.settings) > _MANY else view.settings
    late: list[float] = []
    for one in reversed(drawn):
        own = looks[_name(view, one)]
        runs = [view.runs[place].curves for place in one.points]
        for run in runs:
            _line(axes, run.train_loss, own, 0.6, alpha=0.3)
        band = _band([run.val_loss for run in runs])
        if len(band) == 0:
            continue
        if len(runs) > 1:
            axes.fill_between(band[:, 0], band[:, 2], band[:, 3], color=own.color, alpha=0.18, linewidth=0)
        _line(axes, (tuple(band[:, 0]), tuple(band[:, 1])), own, 1.5, marker="o", markersize=3)
        late += band[band[:, 0] >= _LATE * band[-1, 0], 3].tolist()
    # The first steps, or one run that diverged, must not flatten the others.
    usual = float(np.quantile(late, 0.97)) if late else 0.0
    if len(drawn) > 1 and axes.get_ylim()[1] > 1.2 * usual > 0:
        axes.set_ylim(top=1.1 * usual)
    _legend(axes, looks)
    return figure


def _compared(view: SweepView) -> list[Setting]:
    found = [
        one.best
        for answer in view.answers
        for one in [answer.best, *(lead.other for lead in answer.leads)]
        if one is not None
    ]
    return found or view.settings[:_MANY]


def _band(curves: Sequence[Curve]) -> np.ndarray:
    """Returns rows of step, mean, lowest and highest over the curves."""
    at: dict[int, list[float]] = {}
    for steps, values in curves:
        for step, value in zip(steps, values, strict=True):
            at.setdefault(step, []).append(value)
    rows = [(step, float(np.mean(found)), min(found), max(found)) for step, found in sorted(at.items())]
    return np.array(rows).reshape(-1, 4)


def _by_value(view: SweepView, key: str, looks: dict[str, Look]) -> Figure:
    """Draws the best setting for each value of a key: a line for each schedule, bars for the deviation over seeds."""
    figure, axes = new_axes(key, f"{OBJECTIVE}, other keys at their best")
    names = values_in_order(view.settings, key)
    sizes = [size for size in map(as_number, names) if size is not None]
    numeric = len(sizes) == len(names)
    place = dict(zip(names, sizes if numeric else map(float, range(len(names))), strict=True))
    own = key in view.schedule_keys[:1]
    for name, one_look in looks.items():
        for answer in view.answers:
            best = _best_by_value(view, answer, key, name)
            at = sorted((place[value], one.mean or 0.0, one.deviation or 0.0) for value, one in best.items())
            if at:
                x, y, spread = zip(*at, strict=True)
                style = "none" if own or not numeric else line_style(one_look)
                _bars(axes, x, y, spread, color=one_look.color, linestyle=style)
    if not numeric:
        axes.set_xticks(range(len(names)), map(literal, names), rotation=20 if max(map(len, names)) > 8 else 0)
    elif min(sizes) > 0 and max(sizes) / min(sizes) >= _LOG_FROM_RATIO:
        axes.set_xscale("log")
        axes.set_xticks(sizes, names)
        axes.minorticks_off()
    if not own:
        _legend(axes, looks)
    return figure


def _bars(axes: Axes, x: Sequence[float], y: Sequence[float], spread: Sequence[float], **look: Any) -> None:
    axes.errorbar(x, y, spread, marker="o", markersize=4, capsize=3, linewidth=1.6, **look)


def _best_by_value(view: SweepView, answer: Answer, key: str, name: str) -> dict[str, Setting]:
    best: dict[str, Setting] = {}
    for one in answer.settings:  # the best first
        if _name(view, one) == name and one.mean is not None and not one.diverged:
            best.setdefault(one.values[key], one)
    return best


def _heat(found: HeatMap) -> Figure:
    figure, axes = new_axes(found.across, found.down)
    means = np.array([[np.nan if mean is None else mean for mean, _ in row] for row in found.cells])
    axes.set_title(literal(found.heading), fontsize=9, loc="left")
    image = axes.imshow(np.ma.masked_invalid(means), aspect="auto", cmap="cividis")
    axes.set_xticks(range(len(found.columns)), map(literal, found.columns))
    axes.set_yticks(range(len(found.rows)), map(literal, found.rows))
    axes.grid(visible=False)
    if means.size <= 100:
        for (row, column), mean in np.ndenumerate(means):
            if np.isfinite(mean):
                dark = mean - np.nanmin(means) < 0.5 * np.ptp(means[np.isfinite(means)])
                color = "white" if dark else "black"
                axes.text(column, row, f"{mean:.4g}", ha="center", va="center", color=color)
    figure.colorbar(image, label=f"lowest mean {OBJECTIVE}")
    return figure


def _predicted(found: Sequence[PredictedSetting]) -> Figure:
    """Draws each prediction with its interval against what came out; an interval holds where it meets the diagonal."""
    figure, axes = new_axes(OBJECTIVE, "predicted")
    frame = Frame.of(found)
    axes.plot(frame.equal, frame.equal, color="grey", linestyle="--", linewidth=1)
    for held, color in ((True, look(0).color), (False, "crimson")):
        shown = [one for one in found if (one.inside == one.setting.count) == held]
        if shown:
            predictions = [one.predicted for one in shown]
            bars = [[one.loss - one.low for one in predictions], [one.high - one.loss for one in predictions]]
            name = "the interval held" if held else "not for every seed"
            x, y = [one.mean for one in shown], [one.loss for one in predictions]
            axes.errorbar(x, y, bars, color=color, linestyle="none", marker="o", markersize=4, elinewidth=1, label=name)
    axes.set_xlim(frame.real)
    axes.set_ylim(frame.predicted)
    axes.legend(fontsize=8, loc="upper left")
    return figure


def _line(axes: Axes, drawn: Curve, one: Look, width: float, **more: Any) -> None:
    axes.plot(*drawn, color=one.color, linestyle=line_style(one), linewidth=width, **more)


def _legend(axes: Axes, looks: dict[str, Look]) -> None:
    if len(looks) < 2:
        return
    shown = list(looks.items())[:_LONGEST_LEGEND]
    handles = legend_lines(shown, 1.6)
    more = f"and {len(looks) - len(shown)} more" if len(looks) > len(shown) else None
    axes.legend(handles=handles, fontsize=7, title=more, title_fontsize=7, ncols=1 + len(shown) // 12)


def _map_name(one: HeatMap) -> str:
    heading = f"_{_safe(one.heading)}" if one.heading else ""
    return f"{OBJECTIVE}_by_{_safe(one.across)}_and_{_safe(one.down)}{heading}"


def _safe(key: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in key).strip("_")

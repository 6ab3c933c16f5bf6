"""The numbers that the page's script draws: settings, runs, curves, and how lines look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from d9d_lr.comparing.comparisons import LENGTH_KEYS
from d9d_lr.comparing.folding import Setting
from d9d_lr.plotting.palette import COLORS, DASHES
from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.saved_values import exact_lr, exact_others
from d9d_lr.reporting.sweep_view import HeatMap, SweepView, as_number, values_in_order
from d9d_lr.runs.results import OBJECTIVE

_LOWEST = f"lowest {OBJECTIVE}"


def page_data(view: SweepView, maps: Sequence[HeatMap]) -> str:
    """Returns everything as JSON in which no tag can start."""
    bests = {id(one.best) for answer in view.answers for one in _candidates(answer)}
    comparison_of = {id(one): place for place, answer in enumerate(view.answers) for one in answer.settings}
    setting_of = {place: index for index, one in enumerate(view.settings) for place in one.points}
    content = {
        "objective": OBJECTIVE,
        "metrics": _metrics(view),
        "keys": view.keys,
        "scheduleKeys": [key for key in view.schedule_keys if key in view.keys],
        "values": [values_in_order(view.settings, key) for key in view.keys],
        "against": against(view),
        "sweeps": list(dict.fromkeys(sweep for sweep in view.sweeps if sweep)),
        "settings": [_setting(view, one, comparison_of[id(one)], chosen=id(one) in bests) for one in view.settings],
        "runs": [_run(view, place, setting_of[place]) for place in range(len(view.runs))],
        "maps": [vars(found) for found in maps],
        "scheduled": scheduled_names(view),
        "colors": COLORS,
        "dashes": DASHES,
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def against(view: SweepView) -> str:
    """Returns the key that the objective is drawn against: the learning rate, or else the first swept number."""
    schedule = set(view.schedule_keys)
    numeric = [key for key in view.keys if len(_numbers(view, key)) > 1]
    tuned = [key for key in numeric if key not in schedule and key not in LENGTH_KEYS]
    for choice in (["optimizer.lr"] if "optimizer.lr" in numeric else [], tuned, numeric, view.keys):
        if choice:
            return choice[0]
    return ""


def _numbers(view: SweepView, key: str) -> set[float]:
    sizes = [as_number(value) for value in values_in_order(view.settings, key)]
    return {size for size in sizes if size is not None} if None not in sizes else set()


def _candidates(answer: Any) -> list[Any]:
    return [one for one in [answer.best, *(lead.other for lead in answer.leads)] if one]


def _metrics(view: SweepView) -> list[str]:
    others = dict.fromkeys(name for run in view.runs for name in run.final if name != OBJECTIVE)
    return [OBJECTIVE, _LOWEST, *others]


def _setting(view: SweepView, one: Setting, comparison: int, *, chosen: bool) -> dict[str, Any]:
    drawn = next((exact_lr(view.runs[place]) for place in one.points if view.runs[place].curves.lr[0]), ((), ()))
    return {
        "label": " ".join(filter(None, [one.sweep and f"{one.sweep}:", one.label])) or view.labels[one.points[0]],
        "values": [one.values[key] for key in view.keys],
        "sweep": one.sweep,
        "comparison": comparison,
        "runs": list(one.points),
        "state": one.state,
        "diverged": one.diverged,
        "chosen": chosen,
        "lr": _rounded(drawn),
        **({"others": others} if (others := _others(view, one)) else {}),
    }


def _others(view: SweepView, one: Setting) -> dict[str, list[list[float]]]:
    return {name: _rounded(drawn) for name, drawn in exact_others(view.runs[one.points[0]]).items()}


def scheduled_names(view: SweepView) -> list[str]:
    """Returns what runs schedule beside the learning rate, by name."""
    return sorted({name for one in view.settings for name in exact_others(view.runs[one.points[0]], points=2)})


def _run(view: SweepView, place: int, setting: int) -> dict[str, Any]:
    run = view.runs[place]
    done = {OBJECTIVE: run.objective, _LOWEST: run.best, **{k: v for k, v in run.final.items() if k != OBJECTIVE}}
    return {
        "label": view.labels[place],
        "setting": setting,
        "status": run.status,
        "metrics": {name: value for name, value in done.items() if value is not None and run.objective is not None},
        "train": _rounded(run.curves.train_loss),
        "val": _rounded(run.curves.val_loss),
    }


def _rounded(whole: Curve) -> list[list[float]]:
    return [list(whole[0]), [float(f"{value:.5g}") for value in whole[1]]]

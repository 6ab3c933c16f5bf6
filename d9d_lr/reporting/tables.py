"""The two tables of a report: settings with their seeds folded, and the runs themselves."""

from __future__ import annotations

from typing import NamedTuple

from d9d_lr.comparing.folding import Setting
from d9d_lr.comparing.predicted import predicted_text
from d9d_lr.comparing.words import measured
from d9d_lr.reporting.sweep_view import SweepView
from d9d_lr.runs.results import OBJECTIVE


class Cell(NamedTuple):
    """One cell.

    Attributes:
        shown: The text, rounded.
        whole: In full, for sorting; empty where there is nothing.
        kind: What it is, for its looks.
    """

    shown: str
    whole: str
    kind: str = ""


def setting_heads(view: SweepView) -> list[str]:
    """Returns the columns of the table of settings, what a narrow screen must show first; constant keys have none."""
    predicted = ["predicted"] if _predicted(view) else []
    states = ["state"] if _states(view) else []
    return ["#", OBJECTIVE, "seeds", *_sweep_head(view), *view.keys, *predicted, *states]


def setting_cells(view: SweepView, one: Setting) -> list[Cell]:
    """Returns the row of one setting."""
    place = str(view.places[id(one)])
    sweep = [Cell(one.sweep, one.sweep)] if _sweep_head(view) else []
    worth = measured(one.mean, one.deviation)
    blank = [Cell("", "", "number")] if _predicted(view) else []
    return [
        Cell(place, place, "place"),
        Cell("" if one.mean is None else worth, "" if one.mean is None else repr(one.mean), "number"),
        Cell(str(one.count), str(one.count), "number"),
        *sweep,
        *(Cell(one.values[key], one.values[key]) for key in view.keys),
        *([Cell(predicted_text(one), repr(one.predicted.loss), "number")] if one.predicted else blank),
        *([Cell(one.state, one.state, "state")] if _states(view) else []),
    ]


def run_heads(view: SweepView) -> list[str]:
    """Returns the columns of the table of runs."""
    return [
        "#",
        *_sweep_head(view),
        "status",
        OBJECTIVE,
        "lowest",
        *view.keys,
        *view.seeds,
        "steps",
        "seconds",
        "folder",
    ]


def run_cells(view: SweepView, place: int) -> list[Cell]:
    """Returns the row of one run."""
    run, changed = view.runs[place], view.swept[place]
    steps = f"{run.steps} of {run.total_steps}" if run.total_steps not in (None, run.steps) else str(run.steps)
    sweep = [Cell(view.sweeps[place], view.sweeps[place])] if _sweep_head(view) else []
    return [
        Cell(str(place + 1), str(place + 1), "place"),
        *sweep,
        Cell(run.status, run.status, run.status),
        *(_measured(value, ".5g") for value in (run.objective, run.best)),
        *(Cell(changed.get(key, ""), changed.get(key, "")) for key in (*view.keys, *view.seeds)),
        Cell(steps, str(run.steps), "number"),
        _measured(run.seconds, ".1f"),
        Cell(run.name, run.name),
    ]


def _sweep_head(view: SweepView) -> list[str]:
    return ["sweep"] if any(view.sweeps) else []


def _predicted(view: SweepView) -> bool:
    return any(one.predicted for one in view.settings)


def _states(view: SweepView) -> bool:
    return any(one.state for one in view.settings)


def _measured(value: float | None, form: str) -> Cell:
    return Cell("", "", "number") if value is None else Cell(format(value, form), repr(value), "number")

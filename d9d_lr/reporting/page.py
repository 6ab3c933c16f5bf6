"""The report as one HTML file that needs nothing beside itself: styles, script and data are inside.

Everything that comes from a run is escaped where it is put in; the data go in as JSON in which no tag can start.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from d9d_lr.reporting.run_curves import Curve
from d9d_lr.reporting.run_views import RunView, schedule_text
from d9d_lr.reporting.sweep_view import HeatMap, SweepView, heat_maps
from d9d_lr.runs.folders import RunFolder
from d9d_lr.runs.results import OBJECTIVE

_REST = "Point at a line, a dot or a row to see its run everywhere; click to keep it."


def html_of(view: SweepView) -> str:
    """Returns the whole page."""
    maps = heat_maps(view)
    return Template(_asset("report.html")).substitute(
        title=escape(f"Report: {view.title}"),
        summary=escape(summary_line(view)),
        style=_asset("report.css"),
        script=_asset("report.js"),
        facts=_facts(view),
        best=_best(view),
        troubles=_troubles(view),
        objective=_objective(view, maps),
        heads="".join(_head(name) for name in table_heads(view)),
        rows="\n".join(_row(view, index) for index in range(len(view.runs))),
        rest=_REST,
        data=_data(view, maps),
    )


def summary_line(view: SweepView) -> str:
    """Says how many points there are of each status."""
    counts = ", ".join(f"{count} {status}" for status, count in view.counts.items())
    runs = "1 run" if len(view.runs) == 1 else f"{len(view.runs)} runs"
    return f"{runs}: {counts}; the objective is {OBJECTIVE}, lower is better"


def table_heads(view: SweepView) -> list[str]:
    """Returns the columns of the table of points."""
    return ["#", "status", OBJECTIVE, "lowest", *view.keys, "steps", "seconds", "folder"]


def table_cells(view: SweepView, index: int) -> list[tuple[str, str]]:
    """Returns the row of one run: each cell as shown, and in full for sorting; empty where there is nothing."""
    run = view.runs[index]
    steps = f"{run.steps} of {run.total_steps}" if run.total_steps not in (None, run.steps) else str(run.steps)
    return [
        (str(index + 1), str(index + 1)),
        (run.status, run.status),
        *(_measured(value, ".5g") for value in (run.objective, run.best)),
        *((run.changed.get(key, ""), run.changed.get(key, "")) for key in view.keys),
        (steps, str(run.steps)),
        _measured(run.seconds, ".1f"),
        (run.name, run.name),
    ]  # fmt: skip


def _measured(value: float | None, form: str) -> tuple[str, str]:
    return ("", "") if value is None else (format(value, form), repr(value))


def _facts(view: SweepView) -> str:
    facts = [("", status, str(count)) for status, count in view.counts.items()]
    if view.best:
        facts.insert(0, ("", f"best {OBJECTIVE}", f"{view.best.objective:.5g}"))
    facts = [("failed" if name == "failed" else kind, name, value) for kind, name, value in facts]
    return "".join(f'<li class="{kind}"><b>{escape(value)}</b>{escape(name)}</li>' for kind, name, value in facts)


def _best(view: SweepView) -> str:
    if view.best is None:
        return ""
    parts = [
        f"<h2>Best run: {escape(view.labels[0])}</h2>",
        f'<p class="soft">{escape(str(view.best.folder))}</p>',
        f'<pre class="command">{escape(view.best.command)}</pre>',
    ]
    schedule = schedule_text(view.best)
    if schedule:
        parts.append(
            f"<details><summary>{RunFolder(view.best.folder).schedule.name}</summary><pre>{escape(schedule)}</pre></details>"
        )
    return "\n".join(parts)


def _troubles(view: SweepView) -> str:
    parts = []
    failed = [index for index, run in enumerate(view.runs) if run.error]
    if failed:
        parts.append("<h2>Failed</h2>")
        parts += [
            f'<div class="error"><b>{escape(view.labels[i])}</b>: {escape(view.runs[i].error)}</div>' for i in failed
        ]
    pending = [i for i, run in enumerate(view.runs) if run.status in ("interrupted", "unfinished", "not started")]
    if pending:
        lines = "".join(f"<li>{escape(view.labels[i])}: {escape(_progress(view.runs[i]))}</li>" for i in pending)
        parts.append(
            f"<h2>Not finished</h2><details open><summary>{len(pending)} points</summary><ul>{lines}</ul></details>"
        )
    return "\n".join(parts)


def _progress(run: RunView) -> str:
    asked = f" of {run.total_steps}" if run.total_steps else ""
    return run.status + (f" at step {run.steps}{asked}" if run.status != "not started" else "")


def _objective(view: SweepView, maps: Sequence[HeatMap]) -> str:
    figures = [
        f'<figure data-key="{escape(key)}"><figcaption>{OBJECTIVE} against {escape(key)}</figcaption></figure>'
        for key in view.keys
    ]
    figures += [
        f'<figure data-map="{index}"><figcaption>{OBJECTIVE} against {escape(found.across)} and {escape(found.down)}'
        "</figcaption></figure>"
        for index, found in enumerate(maps)
    ]
    return f'<h2>Objective</h2>\n<div class="charts small">{"".join(figures)}</div>' if figures else ""


def _head(name: str) -> str:
    return f'<th scope="col" aria-sort="none"><button type="button">{escape(name)}</button></th>'


def _row(view: SweepView, index: int) -> str:
    cells = []
    for place, (shown, whole) in enumerate(table_cells(view, index)):
        kind = "number" if place in (2, 3) else whole if place == 1 else ""
        mark = '<span class="swatch"></span>' if place == 0 else ""
        cells.append(f'<td class="{escape(kind)}" data-value="{escape(whole)}">{mark}{escape(shown)}</td>')
    return f'<tr data-run="{index}">{"".join(cells)}</tr>'


def _data(view: SweepView, maps: Sequence[HeatMap]) -> str:
    labels = view.labels
    content = {
        "objective": OBJECTIVE,
        "keys": view.keys,
        "runs": [_run_data(view, run, label) for run, label in zip(view.runs, labels, strict=True)],
        "maps": [vars(found) for found in maps],
    }
    return json.dumps(content, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _run_data(view: SweepView, run: RunView, label: str) -> dict[str, Any]:
    return {
        "label": label,
        "status": run.status,
        "objective": run.objective,
        "values": [run.changed.get(key, "-") for key in view.keys],
        "lr": _rounded(run.curves.lr),
        "train": _rounded(run.curves.train_loss),
        "val": _rounded(run.curves.val_loss),
    }


def _rounded(curve: Curve) -> tuple[tuple[int, ...], list[float]]:
    return curve[0], [float(f"{value:.6g}") for value in curve[1]]


def _asset(name: str) -> str:
    return (files("d9d_lr.reporting") / "assets" / name).read_text(encoding="utf-8")

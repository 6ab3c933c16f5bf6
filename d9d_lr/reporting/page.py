"""The report as one HTML file that needs nothing beside itself: styles, script and data are inside.

Everything that comes from a run is escaped where it is put in; the data go in as JSON in which no tag can start.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from importlib.resources import files
from string import Template

from d9d_lr.comparing.answer import Answer
from d9d_lr.comparing.effects import effects_of
from d9d_lr.comparing.predicted import against_real
from d9d_lr.comparing.words import LEGEND, counted, listed, notes, sentence
from d9d_lr.reporting.page_data import page_data, scheduled_names
from d9d_lr.reporting.predicted_chart import predicted_chart
from d9d_lr.reporting.run_views import RunView, schedule_text
from d9d_lr.reporting.sweep_view import HeatMap, SweepView, heat_maps
from d9d_lr.reporting.tables import Cell, run_cells, run_heads, setting_cells, setting_heads
from d9d_lr.runs.results import OBJECTIVE

_SCRIPTS = ("state.js", "drawing.js", "charts.js", "page.js")
_LEAST_SHARE = 0.005


def html_of(view: SweepView) -> str:
    """Returns the whole page."""
    maps = heat_maps(view)
    return Template(_asset("page.html")).substitute(
        title=escape(f"Report: {view.title}"),
        summary=escape(summary_line(view)),
        style=_asset("report.css"),
        script="\n".join(_asset(name) for name in _SCRIPTS),
        answers="\n".join(_answer(view, answer) for answer in view.answers) + _against_real(view),
        predicted=predicted_chart(view.predicted_settings),
        legend=escape(LEGEND) if any(one.deviation is not None for one in view.settings) else "",
        troubles=_troubles(view),
        scheduled="".join(_scheduled(index, name) for index, name in enumerate(scheduled_names(view))),
        maps="".join(_map(index, found) for index, found in enumerate(maps)),
        settings=_table("settings", setting_heads(view), [setting_cells(view, one) for one in view.settings]),
        runs=_table("runs", run_heads(view), [run_cells(view, place) for place in range(len(view.runs))]),
        run_count=counted(len(view.runs), "run"),
        data=page_data(view, maps),
    )


def summary_line(view: SweepView) -> str:
    """Returns how many points there are of each status."""
    counts = ", ".join(f"{count} {status}" for status, count in view.counts.items())
    runs = counted(len(view.runs), "run")
    folded = f" in {counted(len(view.settings), 'setting')}" if len(view.settings) < len(view.runs) else ""
    return f"{runs}{folded}: {counts}; the objective is {OBJECTIVE}, lower is better"


def _answer(view: SweepView, answer: Answer) -> str:
    heading = f"<h2>{escape(answer.heading)}</h2>" if answer.heading else ""
    words = f'<div class="words">{heading}{_badge(answer)}{_sentence(answer)}{_notes(answer)}</div>'
    return f'<section class="answer">{words}{_effects(answer)}{_repeat(view, answer)}</section>'


def _badge(answer: Answer) -> str:
    if not answer.leads:
        return ""
    sure = " good" if answer.separable and not answer.pending else ""
    return f'<p class="badge{sure}">{_verdict(answer)}</p>'


def _sentence(answer: Answer) -> str:
    whole_numbers = escape(sentence(answer)).replace(" ± ", "&nbsp;±&nbsp;")
    return f'<p class="sentence">{whole_numbers}</p>'


def _notes(answer: Answer) -> str:
    found = "".join(f"<li>{escape(note)}</li>" for note in notes(answer))
    return f'<ul class="notes">{found}</ul>' if found else ""


def _repeat(view: SweepView, answer: Answer) -> str:
    if answer.best is None:
        return ""
    best = answer.best.best
    what = "the best setting" if len(answer.settings) > 1 else "it"
    schedule = schedule_text(view.runs[best.points[0]])
    shown = (
        f"<details><summary>the schedule that it followed</summary><pre>{escape(schedule)}</pre></details>"
        if schedule
        else ""
    )
    return (
        f'<div class="repeat"><span class="soft">Repeat {what}</span>'
        f'<button type="button" class="copy">copy</button>'
        f'<pre class="command">{escape(view.repeats(best))}</pre>{shown}</div>'
    )


def _against_real(view: SweepView) -> str:
    text = against_real(view.settings)
    return f'<p class="soft">{escape(text)}</p>' if text else ""


def _verdict(answer: Answer) -> str:
    so_far = "so far " if answer.pending else ""
    if answer.separable:
        return f"{so_far}separable"
    return "noise unknown" if answer.leads[0].error is None else f"{so_far}not separable"


def _effects(answer: Answer) -> str:
    if len(answer.settings) < 2 or answer.best is None:
        return ""
    found = effects_of(answer.settings)
    if found.why_not:
        unknown = f"What made the difference: unknown, {escape(found.why_not)}."
        return f'<div class="effects"><p class="soft">{unknown}</p></div>'
    largest_first = sorted(found.shares.items(), key=lambda item: -item[1])
    bars = "".join(
        f"<li><span>{escape(name.replace(' x ', ' × '))}</span>"  # noqa: RUF001
        f'<span class="bar"><i style="width:{100 * share:.1f}%"></i></span><span>{share:.0%}</span></li>'
        for name, share in largest_first
        if share >= _LEAST_SHARE
    )
    part = f", {found.part}" if found.part else ""
    about = escape(f"What made the difference, as shares of the variance between runs{part}:")
    return f'<div class="effects"><p class="soft">{about}</p><ul class="shares">{bars}</ul></div>'


def _troubles(view: SweepView) -> str:
    parts = []
    if view.failures:
        count = counted(sum(map(len, view.failures.values())), "run")
        inside = "".join(
            f'<div class="error"><b>{counted(len(places), "run")}</b>: {escape(cause)}'
            f'<div class="soft">{escape(listed([view.labels[place] for place in places], most=8))}</div></div>'
            for cause, places in view.failures.items()
        )
        causes = counted(len(view.failures), "cause")
        parts.append(f'<details class="bad"><summary>{count} failed ({causes})</summary>{inside}</details>')
    pending = [place for place, run in enumerate(view.runs) if run.status not in ("completed", "failed")]
    if pending:
        lines = "".join(f"<li>{escape(view.labels[i])}: {escape(_progress(view.runs[i]))}</li>" for i in pending)
        parts.append(f"<details><summary>{len(pending)} not finished</summary><ul>{lines}</ul></details>")
    return "\n".join(parts)


def _progress(run: RunView) -> str:
    asked = f" of {run.last_step}" if run.last_step else ""
    return run.status + (f" at step {run.steps}{asked}" if run.status != "not started" else "")


def _scheduled(index: int, name: str) -> str:
    caption = f"<figcaption><span>Schedules: {escape(name)} by step</span></figcaption>"
    return f'<figure id="scheduled-{index}">{caption}</figure>'


def _map(index: int, found: HeatMap) -> str:
    heading = f"; {found.heading}" if found.heading else ""
    caption = escape(f"{OBJECTIVE} against {found.across} and {found.down}{heading}")
    return f'<figure data-map="{index}"><figcaption>{caption}</figcaption></figure>'


def _table(name: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> str:
    kinds = [cell.kind for cell in rows[0]] if rows else [""] * len(heads)
    head = "".join(
        f'<th scope="col" class="{escape(kind)}" aria-sort="none"><button type="button">{_breakable(one)}</button></th>'
        for one, kind in zip(heads, kinds, strict=True)
    )
    body = "\n".join(_row(place, cells) for place, cells in enumerate(rows))
    table = f'<table id="{name}"><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>'
    return f'<div class="table" tabindex="0">{table}</div>'


def _breakable(key: str) -> str:
    """Returns a key that may break behind its dots, where a column is narrow."""
    return escape(key).replace(".", ".<wbr>").replace("@", "@<wbr>")


def _row(place: int, cells: Sequence[Cell]) -> str:
    shown = "".join(
        f'<td class="{escape(cell.kind)}" data-value="{escape(cell.whole)}">{escape(cell.shown)}</td>' for cell in cells
    )
    return f'<tr data-place="{place}" tabindex="-1">{shown}</tr>'


def _asset(name: str) -> str:
    return (files("d9d_lr.reporting") / "assets" / name).read_text(encoding="utf-8")

"""Reports on runs and sweeps, finished or not: `python -m d9d_lr.report DIR...`, `d9d-lr-report`. Wiring only."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.text import Text

from d9d_lr.comparing.predicted import against_real
from d9d_lr.comparing.terminal import answer_text
from d9d_lr.comparing.words import listed
from d9d_lr.composing.cli import run_tool
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.diagnostics.visible import visible
from d9d_lr.reporting.figures import write_figures
from d9d_lr.reporting.page import html_of, summary_line
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.reporting.sweep_view import SweepView, view_of
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import ReportFolder
from d9d_lr.runs.results import OBJECTIVE

_DESCRIPTION = """\
Says which setting is best and by how much against the noise of seeds; writes report.html, which opens from disk in any
browser, and its figures as PNG files.

  python -m d9d_lr.report multirun/2026-01-31/12-00-00
  python -m d9d_lr.report first_sweep second_sweep --out compared
  python -m d9d_lr.report multirun/warmup_length --watch
"""

_MOST_LABELS = 3


def report(arguments: Sequence[str]) -> None:
    """Reads the runs, prints the answer, writes the page and its figures; with `--watch`, until all have ended."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    view = _read(options)
    while options.watch is not None and _going_on(view):
        console.clear()
        _print(console, view)
        _write(options, view, console)
        console.print(f"looking again in {options.watch:g} s; Ctrl-C ends it", style="dim")
        time.sleep(options.watch)
        view = _read(options)
    _print(console, view)
    out = _write(options, view, console)
    try:
        for path in write_figures(view, out):
            console.print(f"wrote {path}", soft_wrap=True, markup=False)
    except RunError as error:
        sys.stderr.write(f"no PNG files: {error}\n")


def _read(options: argparse.Namespace) -> SweepView:
    compare = options.compare.split(",") if options.compare else ()
    return view_of(read_runs(options.folders), ", ".join(map(str, options.folders)), compare)


def _going_on(view: SweepView) -> bool:
    return any(run.status in ("unfinished", "not started") for run in view.runs)


def _write(options: argparse.Namespace, view: SweepView, console: Console) -> Path:
    out: Path = options.out or (options.folders[0] if len(options.folders) == 1 else Path())
    out.mkdir(parents=True, exist_ok=True)
    page = ReportFolder(out).page
    write_text_whole(page, html_of(view))
    console.print(f"wrote {page}", soft_wrap=True, markup=False)
    return out


def _print(console: Console, view: SweepView) -> None:
    console.print(Text(answer_text(view.answers, OBJECTIVE, console.width)), soft_wrap=True)
    console.print()
    console.print(Text(summary_line(view)))
    if said := against_real(view.settings):
        console.print(Text(visible(said)), soft_wrap=True)
    for cause, places in view.failures.items():
        named = listed([view.labels[place] for place in places], most=_MOST_LABELS)
        console.print(Text(f"{len(places)} failed: {cause} ({named})", style="red"))
    for answer in view.answers:
        if answer.best:
            which = f" ({answer.heading})" if answer.heading else ""
            console.print(Text(visible(f"repeat the best{which}: {view.repeats(answer.best.best)}")), soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.report", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="a sweep folder, or any folder with runs below"
    )
    parser.add_argument("--out", "-o", type=Path, help="where to write; by default DIR, or here if there are several")
    parser.add_argument(
        "--compare", metavar="KEYS", help="what competes, each at the best of all other keys; by default the schedule"
    )
    parser.add_argument(
        "--watch", nargs="?", type=float, const=10.0, metavar="SECONDS", help="look again until every run has ended"
    )
    return parser


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(report, sys.argv[1:])


if __name__ == "__main__":
    main()

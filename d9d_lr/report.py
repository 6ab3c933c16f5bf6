"""Reports on runs and sweeps, finished or not: `python -m d9d_lr.report DIR...`, `d9d-lr-report`. Wiring only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from d9d_lr.composing.cli import run_tool
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.diagnostics.visible import visible
from d9d_lr.reporting.figures import write_figures
from d9d_lr.reporting.page import html_of, summary_line, table_cells, table_heads
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.reporting.sweep_view import SweepView, view_of
from d9d_lr.runs.atomic import write_text_whole
from d9d_lr.runs.folders import ReportFolder

_DESCRIPTION = """\
Writes report.html, which opens from disk in any browser, and its figures as PNG files; prints the table of points.

  python -m d9d_lr.report multirun/2026-01-31/12-00-00
  python -m d9d_lr.report first_sweep second_sweep --out compared
"""


def report(arguments: Sequence[str]) -> None:
    """Reads the runs, prints them, writes the page and its figures."""
    options = _parser().parse_args(arguments)
    view = view_of(read_runs(options.folders), ", ".join(map(str, options.folders)))
    console = Console(highlight=False)
    _print_table(console, view)
    out = options.out or (options.folders[0] if len(options.folders) == 1 else Path())
    out.mkdir(parents=True, exist_ok=True)
    page = ReportFolder(out).page
    write_text_whole(page, html_of(view))
    console.print(f"wrote {page}", soft_wrap=True, markup=False)
    try:
        for path in write_figures(view, out):
            console.print(f"wrote {path}", soft_wrap=True, markup=False)
    except RunError as error:
        sys.stderr.write(f"no PNG files: {error}\n")


def _print_table(console: Console, view: SweepView) -> None:
    heads = table_heads(view)[:-1]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(heads):
        table.add_column(
            Text(name), justify="right" if place in (0, 2, 3) else "left", overflow="fold", no_wrap=place < 4
        )
    for index, run in enumerate(view.runs):
        style = "red" if run.error else "" if run.objective is not None else "dim"
        table.add_row(*(Text(shown) for shown, _ in table_cells(view, index)[:-1]), style=style)
    console.print(table)
    console.print(Text(summary_line(view)))
    for label, run in zip(view.labels, view.runs, strict=True):
        if run.error:
            console.print(Text(f"{label}: {run.error}", style="red"))
    if view.best:
        console.print(Text(f"best: {visible(view.best.command)}"), soft_wrap=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.report", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "folders", nargs="+", type=Path, metavar="DIR", help="a sweep folder, or any folder with runs below"
    )
    parser.add_argument("--out", "-o", type=Path, help="where to write; by default DIR, or here if there are several")
    return parser


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(report, sys.argv[1:])


if __name__ == "__main__":
    main()

"""`predict fit`: from runs to a law file, with how good it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from d9d_lr.laws.fit import with_left_out
from d9d_lr.laws.law import Law
from d9d_lr.laws.law_file import write_law
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.laws.momentum import Momentum
from d9d_lr.laws.requirements import check_runs
from d9d_lr.predicting.columns import Wanted
from d9d_lr.predicting.sources import read_sources

Fit = Callable[[Sequence[LossCurve]], Law]
"""Fits a law on some runs."""


def fit_sources(named: Sequence[str], wanted: Wanted, fit: Fit, out: Path, console: Console) -> Law:
    """Reads runs, fits a law, writes it and prints how good it is.

    Raises:
        ConfigError: If the runs cannot be read, or do not suffice, with what to run.
    """
    sources = read_sources(named, wanted)
    for problem in sources.left_out:
        console.print(Text(f"left out: {problem}", style="yellow"), soft_wrap=True)
    check_runs(sources.curves)
    law = with_left_out(fit(sources.curves), sources.curves)
    write_law(out, law)
    print_law(console, law)
    console.print(f"wrote {out}", soft_wrap=True, markup=False)
    return law


_MOST_RUNS = 24


def print_law(console: Console, law: Law) -> None:
    """Prints the runs of a law, how well it fits them, and what speaks against it."""
    left_out = {one.name: one.error for one in law.left_out}
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("run", overflow="fold")
    for head in ("steps", "peak", "final loss", "mean error", "end", *(["left out"] if left_out else [])):
        table.add_column(head, justify="right", no_wrap=True)
    for run in law.runs[:_MOST_RUNS]:
        cells = [
            run.name, str(run.total_steps), f"{run.peak_lr:g}", f"{run.final_loss:.4f}",
            f"{run.mean_error:.2%}", f"{run.end_error:+.2%}",
        ]  # fmt: skip
        if left_out:
            cells.append(f"{left_out[run.name]:+.2%}" if run.name in left_out else "-")
        table.add_row(*map(Text, cells))
    console.print(table)
    left = len(law.runs) - _MOST_RUNS
    if left > 0:
        console.print(Text(f"and {left} more"))
    kind = "validation" if law.validation_offset is not None else "training"
    at = f"at the peak {law.reference_lr:g}, of at most {law.limits.most_steps} steps"
    console.print(Text(f"predicts the final {kind} loss of other schedules {at}"), soft_wrap=True)
    for doubt in doubts(law):
        console.print(Text(doubt, style="yellow"), soft_wrap=True)


def doubts(law: Law) -> list[str]:
    """Returns what a reader of a law's predictions should know."""
    found = []
    if law.peak_too_high:
        found.append(
            f"the peak is too high: by the law itself {law.best_peak:.2g} times of it is better. Above it the "
            "law is worth less; schedules close to the best are put in the order of the convex bound"
        )
    if isinstance(law.narrow, Momentum):
        found.append("the momentum law is here for comparison; the intervals of the multi-power law held more often")
    if law.validation_offset is None:
        found.append("without a validation loss in every run, training loss is predicted")
    return found

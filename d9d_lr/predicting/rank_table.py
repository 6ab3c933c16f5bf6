"""`predict rank`: schedules in the order in which to try them, with what is known of each."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.laws.law import Law
from d9d_lr.laws.ranking import Ranked, Ranking, rank
from d9d_lr.predicting.asked import Asked, fixed_rules
from d9d_lr.predicting.fitting import doubts
from d9d_lr.runs.atomic import write_text_whole

TIED = "≈"
_HEADS = ("order", "predicted", "behind", "bound", "schedule")


def rank_asked(law: Law, asked: Sequence[Asked], *, anyway: bool = False) -> tuple[list[Asked], Ranking]:
    """Ranks schedules with the fixed rules among them.

    Args:
        law: The law.
        asked: The schedules.
        anyway: Whether to rank where the fits disagree.

    Returns:
        The schedules with the fixed rules behind them, and their ranking.

    Raises:
        RunError: If the two fits disagree too much.
    """
    everything = [*asked, *fixed_rules(law, max(len(one.rates) for one in asked))]
    ranking = rank(law, [one.rates for one in everything])
    if not ranking.trusted and not anyway:
        raise RunError(
            f"no ranking: {ranking.refusal}. Fit on runs more like those asked about (WSD 20 % and a cosine to zero "
            "were the best pair), at a lower peak, or on more; --anyway ranks them nevertheless"
        )
    return everything, ranking


def print_ranking(console: Console, law: Law, everything: Sequence[Asked], ranking: Ranking, *, top: int) -> None:
    """Prints the first rows, the fixed rules, and what the order means."""
    bounds = _bound_orders(ranking)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for head in _HEADS:
        table.add_column(head, justify="left" if head == "schedule" else "right", overflow="fold")
    left_out = 0
    for place, row in enumerate(ranking.rows, start=1):
        one = everything[row.index]
        if place > top and not one.is_rule:
            left_out += 1
            continue
        style = "dim" if one.is_rule else ""
        table.add_row(*(Text(cell) for cell in _cells(place, row, one, bounds[row.index])), style=style)
    console.print(table)
    if left_out:
        console.print(Text(f"and {left_out} more; --top and --out show them"))
    for line in (*_meaning(everything, ranking), *doubts(law)):
        console.print(Text(line), soft_wrap=True)


def write_ranking(path: Path, everything: Sequence[Asked], ranking: Ranking) -> None:
    """Writes all rows as CSV."""
    bounds = _bound_orders(ranking)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["order", "schedule", "predicted", "low", "high", "behind", "behind_error", "tied", "bound_order"])
    for place, row in enumerate(ranking.rows, start=1):
        found = row.prediction
        numbers = (f"{value:.6g}" for value in (found.loss, found.low, found.high, row.gap, row.gap_error))
        writer.writerow([place, everything[row.index].label, *numbers, int(row.tied), bounds[row.index]])
    write_text_whole(path, text.getvalue())


def _cells(place: int, row: Ranked, one: Asked, bound: int) -> list[str]:
    found = row.prediction
    behind = f"{row.gap:.2%}{f' {TIED}' if row.tied else '  '}"
    label = f"{one.label} (fixed rule)" if one.is_rule else one.label
    return [str(place), f"{found.loss:.4f} ± {found.half_width:.4f}", behind, str(bound), label]


def _bound_orders(ranking: Ranking) -> dict[int, int]:
    order = sorted(ranking.rows, key=lambda row: row.bound)
    return {row.index: place for place, row in enumerate(order, start=1)}


def _meaning(everything: Sequence[Asked], ranking: Ranking) -> list[str]:
    tied = sum(row.tied for row in ranking.rows)
    lines = [f"{TIED} {tied} of {len(ranking.rows)} cannot be told from the lowest prediction"] if tied > 1 else []
    first = ranking.rows[0]
    if first.gap > 0:
        lines.append(
            f"{everything[first.index].label} goes first: it is too close to the lowest to be behind it for sure"
        )
    if not ranking.trusted:
        lines.append(f"not to be trusted: the two fits disagree by {ranking.disagreement:.1%}")
    return lines

"""What a report shows of some runs: which keys were swept, what each value led to, which run was best."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from d9d_lr.plotting.labels import differing_keys, labels_of
from d9d_lr.reporting.run_views import STATUSES, RunView, number

_EMPTIEST = 4  # cells for each run: a grid has at most one, a random search has as many as it has runs


@dataclass(frozen=True)
class SweepView:
    """Some runs, the best first.

    Attributes:
        title: What the report is of.
        runs: Every run; those with an objective first, the lowest of them at the front.
        keys: The keys that differ between the runs.
    """

    title: str
    runs: tuple[RunView, ...]
    keys: tuple[str, ...]

    @property
    def best(self) -> RunView | None:
        """The completed run with the lowest objective; None if there is none."""
        return self.runs[0] if self.runs and self.runs[0].objective is not None else None

    @property
    def counts(self) -> dict[str, int]:
        """How many runs there are of each status that occurs."""
        statuses = [run.status for run in self.runs]
        return {status: statuses.count(status) for status in STATUSES if status in statuses}

    @property
    def labels(self) -> list[str]:
        """What tells each run from the others; its folder where no override does."""
        labels = labels_of([run.changed for run in self.runs])
        return [label or run.name for label, run in zip(labels, self.runs, strict=True)]


@dataclass(frozen=True)
class HeatMap:
    """The objective over the values of two keys.

    Attributes:
        across: The key of the columns.
        down: The key of the rows.
        columns: The values of `across`, in order.
        rows: The values of `down`, in order.
        cells: The mean objective of the runs at each row and column, None where none completed; and their number.
    """

    across: str
    down: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[tuple[float | None, int], ...], ...]


def view_of(runs: Sequence[RunView], title: str) -> SweepView:
    """Arranges runs for a report."""
    return SweepView(title, tuple(runs), tuple(differing_keys([run.changed for run in runs])))


def values_in_order(view: SweepView, key: str) -> list[str]:
    """Returns the values that a key has where there is an objective, numbers by size and then words by name.

    "-" stands for runs without the key.
    """
    return sorted({run.changed.get(key, "-") for run in view.runs if run.objective is not None}, key=_order)


def heat_maps(view: SweepView) -> list[HeatMap]:
    """Returns a map for each pair of swept keys; seeds are averaged over, and a map mostly empty is left out."""
    keys = [key for key in view.keys if not key.endswith("seed")]
    maps = [_heat_map(view, across, down) for across, down in itertools.combinations(keys, 2)]
    shapes = [(len(found.rows), len(found.columns)) for found in maps]
    return [
        found
        for found, (rows, columns) in zip(maps, shapes, strict=True)
        if min(rows, columns) > 1 and rows * columns <= _EMPTIEST * len(view.runs)
    ]


def as_number(value: str) -> float | None:
    """Returns a typed value as a number; None if it is a word."""
    try:
        return number(float(value))
    except ValueError:
        return None


def _heat_map(view: SweepView, across: str, down: str) -> HeatMap:
    columns, rows = values_in_order(view, across), values_in_order(view, down)
    found: dict[tuple[str, str], list[float]] = {}
    for run in view.runs:
        if run.objective is not None:
            place = (run.changed.get(down, "-"), run.changed.get(across, "-"))
            found.setdefault(place, []).append(run.objective)
    cells = tuple(tuple(_mean(found.get((row, column), [])) for column in columns) for row in rows)
    return HeatMap(across, down, tuple(columns), tuple(rows), cells)


def _mean(values: Sequence[float]) -> tuple[float | None, int]:
    return (sum(values) / len(values) if values else None), len(values)


def _order(value: str) -> tuple[bool, float, str]:
    size = as_number(value)
    return size is None, size or 0.0, value

"""What a report shows of some runs: their settings, the answers, which keys were swept, what failed and why."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from d9d_lr.comparing.answer import Answer, answers
from d9d_lr.comparing.contenders import LENGTH_KEYS, schedule_keys
from d9d_lr.comparing.folding import Outcome, Setting, is_seed, settings_of, swept_keys
from d9d_lr.plotting.labels import labels_of
from d9d_lr.reporting.run_views import STATUSES, RunView, number
from d9d_lr.runs.repeat import repeat_setting

_EMPTIEST = 4  # cells for each setting: a grid has at most one, a random search has as many as it has settings


@dataclass(frozen=True)
class SweepView:
    """Some runs, the best first.

    Attributes:
        title: What the report is of.
        runs: Every run; those with an objective first, the lowest of them at the front.
        sweeps: The sweep of each run; empty where there is one sweep only.
        swept: The swept keys of each run with its values, seeds included.
        compare: The keys that tell schedules apart; empty for the usual ones.
    """

    title: str
    runs: tuple[RunView, ...]
    sweeps: tuple[str, ...]
    swept: tuple[Mapping[str, str], ...]
    compare: tuple[str, ...] = ()

    @cached_property
    def settings(self) -> list[Setting]:
        """The settings, the best first; their points are places in `runs`."""
        return settings_of(
            [
                Outcome(changed, run.status, run.objective, run.error, run.last_step, sweep)
                for run, sweep, changed in zip(self.runs, self.sweeps, self.swept, strict=True)
            ]
        )

    @cached_property
    def answers(self) -> list[Answer]:
        """Which schedule is best, for each length of the runs."""
        return answers(self.settings, self.compare)

    @cached_property
    def keys(self) -> list[str]:
        """The keys that differ between settings."""
        return list(self.settings[0].values) if self.settings else []

    @cached_property
    def seeds(self) -> list[str]:
        """The swept keys that are seeds."""
        return [key for key in swept_keys(self.swept) if is_seed(key)]

    @cached_property
    def schedule_keys(self) -> tuple[str, ...]:
        """The keys that tell schedules apart."""
        return self.compare or schedule_keys(self.keys)

    @property
    def counts(self) -> dict[str, int]:
        """How many runs there are of each status that occurs."""
        statuses = [run.status for run in self.runs]
        return {status: statuses.count(status) for status in STATUSES if status in statuses}

    @cached_property
    def labels(self) -> list[str]:
        """What tells each run from the others; its folder where no override does."""
        labels = labels_of(self.swept)
        named = [label or run.name for label, run in zip(labels, self.runs, strict=True)]
        return [f"{sweep}: {name}" if sweep else name for sweep, name in zip(self.sweeps, named, strict=True)]

    @cached_property
    def failures(self) -> dict[str, list[int]]:
        """The failed runs by cause, the most frequent cause first."""
        found: dict[str, list[int]] = {}
        for place, run in enumerate(self.runs):
            if run.error:
                found.setdefault(run.error, []).append(place)
        return dict(sorted(found.items(), key=lambda item: -len(item[1])))

    def repeats(self, setting: Setting) -> str:
        """Returns the command that runs every seed of a setting again."""
        return repeat_setting([self.runs[place].command for place in sorted(setting.points)])


@dataclass(frozen=True)
class HeatMap:
    """The objective over the values of two keys.

    Attributes:
        across: The key of the columns.
        down: The key of the rows.
        columns: The values of `across`, in order.
        rows: The values of `down`, in order.
        cells: The lowest mean objective of the settings at each row and column, None where none completed; and how
            many settings there are.
    """

    across: str
    down: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[tuple[float | None, int], ...], ...]


def view_of(runs: Sequence[RunView], title: str, compare: Sequence[str] = ()) -> SweepView:
    """Arranges runs for a report.

    A key counts as swept if it differs within a sweep, or if every run has it and it differs between sweeps; what was
    typed for one sweep alone is told by the sweep itself.
    """
    parents = [run.name.rpartition("/")[0] for run in runs]
    sweeps = parents if len(set(parents)) > 1 else [""] * len(runs)
    within = [key for sweep in dict.fromkeys(sweeps) for key in swept_keys(_of(sweep, runs, sweeps))]
    between = [key for key in swept_keys(run.changed for run in runs) if all(key in run.changed for run in runs)]
    keys = set(within) | set(between)
    swept = [{key: value for key, value in run.changed.items() if key in keys} for run in runs]
    return SweepView(title, tuple(runs), tuple(sweeps), tuple(swept), tuple(compare))


def values_in_order(settings: Sequence[Setting], key: str) -> list[str]:
    """Returns the values that a key has where there is an objective, numbers by size and then words by name."""
    return sorted({one.values[key] for one in settings if one.count}, key=_order)


def heat_maps(view: SweepView) -> list[HeatMap]:
    """Returns a map for each pair of swept keys; other keys are at their best, and a map mostly empty is left out."""
    keys = [key for key in view.keys if key not in LENGTH_KEYS]
    maps = [_heat_map(view, across, down) for across, down in itertools.combinations(keys, 2)]
    shapes = [(len(found.rows), len(found.columns)) for found in maps]
    return [
        found
        for found, (rows, columns) in zip(maps, shapes, strict=True)
        if min(rows, columns) > 1 and rows * columns <= _EMPTIEST * len(view.settings)
    ]


def as_number(value: str) -> float | None:
    """Returns a typed value as a number; None if it is a word."""
    try:
        return number(float(value))
    except ValueError:
        return None


def _of(sweep: str, runs: Sequence[RunView], sweeps: Sequence[str]) -> list[Mapping[str, str]]:
    return [run.changed for run, own in zip(runs, sweeps, strict=True) if own == sweep]


def _heat_map(view: SweepView, across: str, down: str) -> HeatMap:
    columns, rows = values_in_order(view.settings, across), values_in_order(view.settings, down)
    found: dict[tuple[str, str], list[float]] = {}
    for one in view.settings:
        if one.mean is not None and not one.diverged:
            found.setdefault((one.values[down], one.values[across]), []).append(one.mean)
    cells = tuple(tuple(_lowest(found.get((row, column), [])) for column in columns) for row in rows)
    return HeatMap(across, down, tuple(columns), tuple(rows), cells)


def _lowest(values: Sequence[float]) -> tuple[float | None, int]:
    return min(values, default=None), len(values)


def _order(value: str) -> tuple[bool, float, str]:
    size = as_number(value)
    return size is None, size or 0.0, value

"""What a report shows of some runs: their settings, the answers, which keys were swept, what failed and why."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from d9d_lr.comparing.answer import Answer, answers
from d9d_lr.comparing.candidates import schedule_keys
from d9d_lr.comparing.comparisons import LENGTH_KEYS, comparisons_of
from d9d_lr.comparing.folding import Outcome, Setting, is_seed, settings_of, swept_keys
from d9d_lr.comparing.names import labels_of
from d9d_lr.comparing.predicted import PredictedSetting, predicted_settings
from d9d_lr.reporting.run_views import RunView, number
from d9d_lr.reporting.several_sweeps import differing_settings, schedule_of_each
from d9d_lr.runs.commands import repeat_setting
from d9d_lr.runs.results import STATUSES

_EMPTIEST = 4  # cells for each setting: a grid has at most one, a random search has as many as it has settings


@dataclass(frozen=True)
class SweepView:
    """Some runs, the best first.

    Attributes:
        title: What the report is of.
        runs: Every run; those with an objective first, the lowest of them at the front.
        sweeps: The sweep of each run; empty where there is one sweep only.
        swept: The swept keys of each run with its values, seeds included.
        compare: The keys that name a schedule; empty for the usual ones.
        differing: What sets each sweep apart from the others, though it was not swept.
    """

    title: str
    runs: tuple[RunView, ...]
    sweeps: tuple[str, ...]
    swept: tuple[Mapping[str, str], ...]
    compare: tuple[str, ...] = ()
    differing: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def settings(self) -> list[Setting]:
        """The settings, comparison by comparison, the best first; their points are places in `runs`."""
        found = settings_of(
            [
                Outcome(
                    changed,
                    run.status,
                    run.objective,
                    run.error,
                    run.last_step,
                    sweep,
                    run.predicted,
                    self.differing.get(sweep, ""),
                )
                for run, sweep, changed in zip(self.runs, self.sweeps, self.swept, strict=True)
            ]
        )
        return [one for comparison in comparisons_of(found) for one in comparison.settings]

    @cached_property
    def answers(self) -> list[Answer]:
        """Which schedule is best, in each comparison."""
        return answers(self.settings, self.compare)

    @cached_property
    def predicted_settings(self) -> list[PredictedSetting]:
        """The settings that were predicted and have an objective."""
        return predicted_settings(self.settings)

    @cached_property
    def places(self) -> dict[int, int]:
        """The place of each setting in its comparison, from 1, by the identity of the object."""
        return {id(one): place for answer in self.answers for place, one in enumerate(answer.settings, start=1)}

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
        """The keys that name a schedule."""
        return self.compare or schedule_keys(self.keys)

    @property
    def counts(self) -> dict[str, int]:
        """How many runs there are of each status that occurs."""
        statuses = [run.status for run in self.runs]
        return {status: statuses.count(status) for status in STATUSES if status in statuses}

    @cached_property
    def labels(self) -> list[str]:
        """The swept keys and values of each run; its folder where there are none."""
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
        heading: The comparison; empty if there is only one.
    """

    across: str
    down: str
    columns: tuple[str, ...]
    rows: tuple[str, ...]
    cells: tuple[tuple[tuple[float | None, int], ...], ...]
    heading: str = ""


def view_of(runs: Sequence[RunView], title: str, compare: Sequence[str] = ()) -> SweepView:
    """Arranges runs for a report.

    A key counts as swept if it differs within a sweep, or if every run has it and it differs between sweeps. Whatever
    else differs between sweeps sets them apart: they are shown together and not compared.
    """
    parents = [run.name.rpartition("/")[0] for run in runs]
    if len(set(parents)) < 2:
        swept = swept_keys(run.changed for run in runs)
        typed = [{key: value for key, value in run.changed.items() if key in swept} for run in runs]
        return SweepView(title, tuple(runs), ("",) * len(runs), tuple(typed), tuple(compare))
    typed = schedule_of_each(runs, parents)
    keys = _keys_to_compare(typed, parents)
    apart = differing_settings(runs, parents, keys)
    swept_of_each = [{key: value for key, value in changed.items() if key in keys} for changed in typed]
    return SweepView(title, tuple(runs), tuple(parents), tuple(swept_of_each), tuple(compare), apart)


def _keys_to_compare(typed: Sequence[Mapping[str, str]], sweeps: Sequence[str]) -> set[str]:
    within = {
        key
        for sweep in set(sweeps)
        for key in swept_keys(changed for changed, own in zip(typed, sweeps, strict=True) if own == sweep)
    }
    return within | {key for key in swept_keys(typed) if all(key in changed for changed in typed)}


def values_in_order(settings: Sequence[Setting], key: str) -> list[str]:
    """Returns the values that a key has where there is an objective, numbers by size and then words by name."""
    return sorted({one.values[key] for one in settings if one.count}, key=_order)


def heat_maps(view: SweepView) -> list[HeatMap]:
    """Returns a map for each pair of swept keys, in each comparison; other keys are at their best.

    A map that would be mostly empty is left out.
    """
    return [found for answer in view.answers for found in _heat_maps_of(answer)]


def _heat_maps_of(answer: Answer) -> Iterator[HeatMap]:
    settings = answer.settings
    swept = [key for key in settings[0].values if len({one.values[key] for one in settings}) > 1]
    for across, down in itertools.combinations([key for key in swept if key not in LENGTH_KEYS], 2):
        found = _heat_map(answer, across, down)
        rows, columns = len(found.rows), len(found.columns)
        if min(rows, columns) > 1 and rows * columns <= _EMPTIEST * len(settings):
            yield found


def as_number(value: str) -> float | None:
    """Returns a typed value as a number; None if it is text."""
    try:
        return number(float(value))
    except ValueError:
        return None


def _heat_map(answer: Answer, across: str, down: str) -> HeatMap:
    columns, rows = values_in_order(answer.settings, across), values_in_order(answer.settings, down)
    found: dict[tuple[str, str], list[float]] = {}
    for one in answer.settings:
        if one.mean is not None and not one.diverged:
            found.setdefault((one.values[down], one.values[across]), []).append(one.mean)
    cells = tuple(tuple(_lowest(found.get((row, column), [])) for column in columns) for row in rows)
    return HeatMap(across, down, tuple(columns), tuple(rows), cells, answer.heading)


def _lowest(values: Sequence[float]) -> tuple[float | None, int]:
    return min(values, default=None), len(values)


def _order(value: str) -> tuple[bool, float, str]:
    size = as_number(value)
    return size is None, size or 0.0, value

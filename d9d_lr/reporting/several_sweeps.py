"""What several sweeps in one report do not share, though none of them swept it: an optimizer, a batch size, a schedule.

The composed configuration of one run of each sweep holds all of it, defaults included. Where folders have none, what
was typed stands in for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from d9d_lr.comparing.folding import is_seed
from d9d_lr.diagnostics.problems import leaves
from d9d_lr.diagnostics.visible import visible
from d9d_lr.reporting.run_views import RunView
from d9d_lr.runs.states import stored_choices, stored_config
from d9d_lr.training.settings import NOT_IN_FINGERPRINT

_NO_PART = ("tracker", "sweep", "train.total_steps", *(f"train.{name}" for name in NOT_IN_FINGERPRINT))
"""Sections and keys that do not change what a run computes, and the length, which is compared by itself."""

_MOST_NAMED = 3


@dataclass(frozen=True)
class Composed:
    """The composed configuration of a run.

    Attributes:
        values: Every value by its key, such as `optimizer.lr`.
        choices: The chosen option of each group, such as `lr` or `lr/decay@lr.phases.2`.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    choices: Mapping[str, str] = field(default_factory=dict)

    def value(self, key: str) -> str | None:
        """Returns the value of a key, or the option of a group; None if there is neither."""
        return self.choices.get(key, self.values.get(key))


def read_composed(run: RunView) -> Composed:
    """Reads the configuration of a run; what was typed where there is none."""
    config = stored_config(run.folder)
    if config is None:
        return Composed(run.changed)
    return Composed(
        {visible(key): visible(str(value)) for key, value in leaves(config)},
        {visible(str(group)): visible(str(option)) for group, option in stored_choices(run.folder).items()},
    )


def schedule_of_each(runs: Sequence[RunView], sweeps: Sequence[str]) -> list[dict[str, str]]:
    """Returns what was typed for each run, and its schedule where only another sweep typed that.

    So `lr=warmup_cosine` in one sweep competes with the default `lr=wsd` of another, under its name.
    """
    typed = dict.fromkeys(key for run in runs for key in run.changed if _is_schedule(key))
    found = [dict(run.changed) for run in runs]
    for sweep in dict.fromkeys(sweeps):
        own = [changed for changed, its in zip(found, sweeps, strict=True) if its == sweep]
        composed = read_composed(next(run for run, its in zip(runs, sweeps, strict=True) if its == sweep))
        varied = {key for changed in own for key in changed if len({other.get(key) for other in own}) > 1}
        for key in typed:
            value = composed.value(key)
            if value is not None and not any(_covers(other, _place(key)) for other in varied):
                for changed in own:
                    changed.setdefault(key, value)
    return found


def differing_settings(runs: Sequence[RunView], sweeps: Sequence[str], swept: Iterable[str]) -> dict[str, str]:
    """Returns for each sweep what sets it apart from the others, as "optimizer=sgd"; empty where nothing does.

    Args:
        runs: The runs.
        sweeps: The sweep of each.
        swept: The keys that are compared anyway.
    """
    first = {sweep: run for run, sweep in reversed(list(zip(runs, sweeps, strict=True)))}
    composed = {sweep: read_composed(run) for sweep, run in first.items()}
    if not all(one.choices for one in composed.values()):
        composed = {sweep: Composed(run.changed) for sweep, run in first.items()}
    left_out = (*swept, *_NO_PART)
    typed = {_place(key.lstrip("+")) for run in first.values() for key in run.changed}
    differing = {
        key
        for key in {key for one in composed.values() for key in one.values}
        if _differs(key, list(composed.values()), typed)
        and not is_seed(key)
        and not any(_covers(other, key) for other in left_out)
    }
    return {sweep: _named(one, differing, composed.values()) for sweep, one in composed.items()}


def _differs(key: str, every: Sequence[Composed], typed: set[str]) -> bool:
    """Whether a key has two values, or was typed for one sweep and is not there in another.

    A key that is only missing is one that a later version brought, with the default that runs had before.
    """
    known = [one.values[key] for one in every if key in one.values]
    return len(set(known)) > 1 or (len(known) < len(every) and key in typed)


def _named(one: Composed, differing: set[str], every: Iterable[Composed]) -> str:
    """Returns the values of the differing keys, by the group that brought them where one did."""
    every = list(every)
    groups = [
        group
        for group in one.choices
        if len({other.choices.get(group) for other in every}) > 1 and any(_covers(group, key) for key in differing)
    ]
    keys = sorted(key for key in differing if not any(_covers(group, key) for group in groups))
    named = [f"{key}={one.value(key) or 'none'}" for key in (*groups, *keys)]
    more = len(named) - _MOST_NAMED
    return ", ".join([*named[:_MOST_NAMED], *([f"and {more} more"] if more > 0 else [])])


def _is_schedule(key: str) -> bool:
    return key == "lr" or key.startswith(("lr.", "lr/"))


def _covers(typed: str, key: str) -> bool:
    """Whether a typed key, or a group, sets a key of the composed configuration."""
    place = _place(typed)
    return key == place or key.startswith(f"{place}.")


def _place(typed: str) -> str:
    """Returns where what is typed lands: `lr.phases.2` for `lr/decay@lr.phases.2`."""
    return typed.rpartition("@")[2].replace("/", ".")

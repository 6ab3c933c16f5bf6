"""Settings that may be compared: the objectives of one comparison mean the same, and no best is named over several."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from d9d_lr.comparing.folding import ABSENT, Setting

LENGTH_KEYS = ("train.total_steps", "train.total_samples", "train.total_tokens", "train.stop_after", "task")
"""Keys that change what the objective means: there is a best for each of their values, and none over all."""


@dataclass(frozen=True)
class Comparison:
    """Settings of one length of the runs, one task, and sweeps whose other settings are the same.

    Attributes:
        settings: The settings, the best first.
        length: The steps of its runs; empty if unknown.
        task: The task, where tasks were swept; empty otherwise.
        differing: What sets its sweeps apart from those of other comparisons.
    """

    settings: tuple[Setting, ...]
    length: str = ""
    task: str = ""
    differing: str = ""


def comparisons_of(settings: Sequence[Setting]) -> list[Comparison]:
    """Splits settings into those that may be compared, in the order of the best of each."""
    lengths = {one.sweep: one.length for one in reversed(settings) if one.length is not None}
    found: dict[tuple[str, str, str], list[Setting]] = {}
    for one in settings:
        # What has not ended has no length of its own: it has that of the others.
        typed = one.values.get("train.total_steps", ABSENT) if "train.stop_after" not in one.values else ABSENT
        steps = typed if typed != ABSENT else one.length or lengths.get(one.sweep)
        place = ("" if steps is None else str(steps), one.values.get("task", ""), one.differing)
        found.setdefault(place, []).append(one)
    return [Comparison(tuple(inside), *place) for place, inside in found.items()]


def headings_of(comparisons: Sequence[Comparison]) -> list[str]:
    """Returns for each comparison what sets it apart from the others, such as "1000 steps"; empty for a single one."""
    return [", ".join(_heading(one, comparisons)) for one in comparisons]


def _heading(one: Comparison, comparisons: Sequence[Comparison]) -> Iterator[str]:
    if len({other.length for other in comparisons}) > 1 and one.length:
        yield f"{one.length} steps"
    if len({other.task for other in comparisons}) > 1 and one.task:
        yield f"task={one.task}"
    if len({other.differing for other in comparisons}) > 1 and one.differing:
        yield one.differing

"""Many schedules in one picture: each once, whatever the seeds, and looks that a legend of a few groups explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from d9d_lr.comparing.folding import swept_keys
from d9d_lr.comparing.names import labels_of, short_labels
from d9d_lr.plotting.palette import COLORS, DASHES, Look, look
from d9d_lr.plotting.series import Series

FEW = 10
"""Up to so many lines each has a look and a label of its own."""


@dataclass(frozen=True)
class Legend:
    """How lines look, and what explains it.

    Attributes:
        looks: The look of each line.
        title: What the entries are values of.
        entries: Labels with their looks; fewer than lines where lines fall into groups.
    """

    looks: tuple[Look, ...]
    title: str
    entries: tuple[tuple[str, Look], ...]


def distinct(series: Sequence[Series]) -> list[Series]:
    """Leaves out schedules that were there before, as those of a sweep over seeds, and labels what is left."""
    found: dict[tuple[object, ...], Series] = {}
    for one in series:
        found.setdefault((one.schedule.phases, one.schedule.multiplier(-1), one.base_lr, one.total_steps), one)
    kept = list(found.values())
    if len(kept) == len(series):
        return kept
    labels = labels_of([dict(one.swept) for one in kept])
    return [replace(one, label=label or one.label) for one, label in zip(kept, labels, strict=True)]


def legend_of(series: Sequence[Series]) -> Legend:
    """Returns a look for each line: its own for a few; of many, colours stand for one key and dashes for another."""
    swept = [dict(one.swept) for one in series]
    title, labels = short_labels(swept)
    keys = sorted(swept_keys(swept), key=lambda key: len({values.get(key) for values in swept}))
    if len(series) <= FEW or len(keys) < 2:
        looks = tuple(_graded(place, len(series)) for place in range(len(series)))
        return Legend(looks, title, tuple(zip(labels, looks, strict=True)))
    return _grouped(swept, _color_key(keys, swept), keys)


def _graded(place: int, count: int) -> Look:
    """Up to `FEW` lines have distinct looks; of more, each has one of a scale from dark to light."""
    if count <= FEW:
        return look(place)
    import matplotlib as mpl

    red, green, blue, _ = mpl.colormaps["cividis"](0.95 * place / (count - 1))
    return Look(f"#{round(255 * red):02x}{round(255 * green):02x}{round(255 * blue):02x}", DASHES[place % len(DASHES)])


def _color_key(keys: Sequence[str], swept: Sequence[dict[str, str]]) -> str:
    """The key with the most values, if there is a colour for each."""
    fitting = [key for key in keys if len({values.get(key) for values in swept}) <= len(COLORS)]
    return fitting[-1] if fitting else keys[0]


def _grouped(swept: Sequence[dict[str, str]], color_key: str, keys: Sequence[str]) -> Legend:
    colors = list(dict.fromkeys(values.get(color_key, "-") for values in swept))
    dash_key = next((key for key in keys if key != color_key), "")
    styles = list(dict.fromkeys(values.get(dash_key, "-") for values in swept))
    color_of = {value: COLORS[place % len(COLORS)] for place, value in enumerate(colors)}
    dashes_of = {value: DASHES[place % len(DASHES)] for place, value in enumerate(styles)}
    looks = tuple(Look(color_of[values.get(color_key, "-")], dashes_of[values.get(dash_key, "-")]) for values in swept)
    entries = [(f"{color_key}={value}", Look(color, ())) for value, color in color_of.items()]
    entries += [(f"{dash_key}={value}", Look("#555555", dashes)) for value, dashes in dashes_of.items()]
    others = [key for key in keys if key not in (color_key, dash_key)]
    title = f"{len(swept)} schedules" + (f"; alike for each {', '.join(others)}" if others else "")
    return Legend(looks, title, tuple(entries))

"""Labels for the points of a sweep, of the keys that differ between them and of no other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def differing_keys(swept: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns the keys whose value is not the same at every point, in the order they were first seen."""
    keys = list(dict.fromkeys(key for values in swept for key in values))
    return [key for key in keys if len({values.get(key) for values in swept}) > 1]


def labels_of(swept: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns a label for each point: `key=value` of every key that differs; empty where there is one point only."""
    keys = differing_keys(swept)
    return [", ".join(f"{key}={values[key]}" for key in keys if key in values) for values in swept]


def short_labels(swept: Sequence[Mapping[str, str]]) -> tuple[str, list[str]]:
    """Returns a title and labels that do not repeat it: where one key differs, its name and its values."""
    keys = differing_keys(swept)
    if len(keys) == 1:
        return keys[0], [values.get(keys[0], "-") for values in swept]
    return "", labels_of(swept)

"""Names of swept keys, and labels for points, without what all of them share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from d9d_lr.comparing.folding import swept_keys


def short_keys(keys: Sequence[str]) -> dict[str, str]:
    """Returns a short name for each key, by as many of its last parts as no other key has.

    `lr.phases.0.steps` is `0.steps`, for a phase without its number is nothing; `lr/decay@lr.phases.2` is `decay@2`.
    """
    parts = {key: _parts(key) for key in keys}
    return {key: _shortest(key, parts) for key in keys}


def _shortest(key: str, parts: dict[str, list[str]]) -> str:
    own = parts[key]
    others = [other for name, other in parts.items() if name != key]
    for count in range(1, len(own) + 1):
        tail = own[-count:]
        if tail[0].isdigit() or not any(other[-count:] == tail for other in others):
            start = max(0, len(own) - count - (len(own) > count and own[-count - 1].isdigit()))
            short = own[start:]
            if not any(other[-len(short) :] == short for other in others):
                return ".".join(short)
    return key


def _parts(key: str) -> list[str]:
    group, at, package = key.partition("@")
    if not at:
        return key.split(".")
    return [f"{group.rpartition('/')[2]}@{package.rpartition('.')[2] if package[-1:].isdigit() else package}"]


def labels_of(swept: Sequence[Mapping[str, str]]) -> list[str]:
    """Returns a label for each point: `key=value` of every key that differs; empty where there is one point only."""
    keys = swept_keys(swept)
    return [", ".join(f"{key}={values[key]}" for key in keys if key in values) for values in swept]


def short_labels(swept: Sequence[Mapping[str, str]]) -> tuple[str, list[str]]:
    """Returns a title and labels that do not repeat it: where one key differs, its name and its values."""
    keys = swept_keys(swept)
    if len(keys) == 1:
        return keys[0], [values.get(keys[0], "-") for values in swept]
    return "", labels_of(swept)

"""Short names for swept keys, where there is little room: what all of them share is left out."""

from __future__ import annotations

from collections.abc import Sequence


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

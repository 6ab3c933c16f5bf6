"""The folder of a point: named by what was changed, safe everywhere, the same whenever the same is changed."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence

MAX_LENGTH = 120
"""Longest folder name; most file systems end at 255 bytes, and people sooner."""

_DIGEST_LENGTH = 8


def folder_name(changed: Mapping[str, str]) -> str:
    """Returns the name for a point, such as `lr.phases.0.steps=10,train.seed=1`.

    The keys are sorted, so the order in which they were typed does not matter. A name that had to be changed to be
    safe, or that is too long, ends with a hash of the whole, so that two points never share one.

    Args:
        changed: The changed keys and their values, as typed.
    """
    exact = ",".join(f"{key.replace('/', '.')}={value}" for key, value in sorted(changed.items())) or "as_configured"
    safe = re.sub(r"[^A-Za-z0-9._,=@+-]+", "_", exact)
    if safe == exact and len(safe) <= MAX_LENGTH and not safe.startswith("."):
        return safe
    digest = hashlib.sha256(exact.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{safe.lstrip('.')[: MAX_LENGTH - _DIGEST_LENGTH - 1]}-{digest}"


def unique_names(points: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yields a name for each point: its own, or, where an earlier one has it, that and a hash of what it computes.

    Args:
        points: The name of each point, and its identity.
    """
    taken: set[str] = set()
    for name, identity in points:
        unique = name if name not in taken else f"{name[: MAX_LENGTH - _DIGEST_LENGTH - 1]}-{identity[:_DIGEST_LENGTH]}"
        taken.add(unique)
        yield unique

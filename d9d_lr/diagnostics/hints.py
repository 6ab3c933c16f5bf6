"""What to type instead: the hints that several kinds of error share."""

from __future__ import annotations

from typing import Any


def swap_hint(key: str) -> str:
    """Says which group to swap where a value cannot be set, for a key below a phase; empty for other keys."""
    parts = key.split(".")
    if "phases" not in parts or parts.index("phases") + 2 >= len(parts):
        return ""
    depth = parts.index("phases") + 2
    place = ".".join(parts[:depth])
    if parts[depth] == "curve":
        example = f"lr/curve@{place}.curve=poly"
    else:
        example = f"lr/decay@{place}=linear (or lr/warmup, lr/hold)"
    return f"a value merges into what was there before; to have another kind, swap the group: {example}"


def percent_hint(name: str, found: Any) -> str:
    """Says that a percentage is a fraction, where it was written as 80 or 80%; empty otherwise."""
    if name != "percentage":
        return ""
    try:
        percent = float(str(found).rstrip("% "))
    except ValueError:
        return ""
    return f"it is a fraction: did you mean {percent / 100:g}?" if 2 <= percent <= 100 else ""

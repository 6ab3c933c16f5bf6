"""The limits of a number, as `annotated_types` has them: read, put into words, and applied."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any


def limits_in(metadata: Iterable[Any]) -> dict[str, Any]:
    """Returns the limits among the metadata of an annotation, by `gt`, `ge`, `lt` and `le`."""
    items = [limit for item in metadata for limit in getattr(item, "metadata", [item])]
    return {
        kind: getattr(item, kind)
        for item in items
        for kind in ("gt", "ge", "lt", "le")
        if getattr(item, kind, None) is not None
    }


def kind_in_words(kind: type, limits: Mapping[str, Any]) -> str:
    """Says what an int or a float field allows, such as 'a whole number of at least 1'."""
    return f"a whole number{_whole_range(limits)}" if kind is int else f"a finite number{_range(limits)}"


def within(value: Any, kind: type, limits: Mapping[str, Any]) -> bool:
    """Whether a value is a number of a kind, int or float, within limits."""
    if isinstance(value, bool) or not isinstance(value, int if kind is int else (int, float)):
        return False
    return math.isfinite(value) and not (
        ("gt" in limits and not value > limits["gt"])
        or ("ge" in limits and not value >= limits["ge"])
        or ("lt" in limits and not value < limits["lt"])
        or ("le" in limits and not value <= limits["le"])
    )


def _whole_range(limits: Mapping[str, Any]) -> str:
    low = limits["gt"] + 1 if "gt" in limits else limits.get("ge")
    high = limits["lt"] - 1 if "lt" in limits else limits.get("le")
    if high is not None:
        return f" from {low} to {high}"
    return "" if low is None else f" of at least {low}"


def _range(limits: Mapping[str, Any]) -> str:
    if {"ge", "le"} <= limits.keys():
        return f" from {limits['ge']} to {limits['le']}"
    words = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
    said = " and ".join(f"{words[kind]} {limit}" for kind, limit in limits.items())
    return f" {said}" if said else ""

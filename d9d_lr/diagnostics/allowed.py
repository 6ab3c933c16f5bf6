"""What a field of a config model allows, in the words of an error message."""

from __future__ import annotations

from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

MAPPING = "a mapping of keys to values"


def annotation_of(field: FieldInfo) -> Any:
    """Returns a field's whole annotation, limits included."""
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def bare(annotation: Any) -> Any:
    """Removes `Annotated` and `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if is_union(annotation):
        members = [member for member in get_args(annotation) if member is not NoneType]
        if len(members) == 1:
            return bare(members[0])
    return annotation


def is_union(annotation: Any) -> bool:
    """Whether an annotation is `A | B`."""
    return get_origin(annotation) in (Union, UnionType)


def is_model(annotation: Any) -> bool:
    """Whether an annotation is a config model."""
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def allowed(annotation: Any) -> str:
    """Says what an annotation allows, such as 'a number from 0.0 to 1.0' or 'auto, cpu or cuda'."""
    limits: dict[str, Any] = {}
    while get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        limits |= _limits(metadata)
    if is_union(annotation):
        return " or ".join(dict.fromkeys(allowed(member) for member in get_args(annotation)))
    if get_origin(annotation) is Literal:
        return listed(get_args(annotation))
    if get_origin(annotation) is tuple:
        return f"a list of {len(get_args(annotation))} values"
    if get_origin(annotation) is list:
        return "a list, or a mapping from position to entry"
    return _kind(annotation, limits)


def listed(words: Iterable[Any]) -> str:
    """Joins words as in 'a, b or c'."""
    *most, last = map(str, words)
    return f"{', '.join(most)} or {last}" if most else last


def _kind(kind: Any, limits: dict[str, Any]) -> str:
    if kind is int:
        return f"a whole number{_whole_range(limits)}"
    if kind is float:
        return f"a finite number{_range(limits)}"
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text"
    return "null" if kind is NoneType else MAPPING


def _limits(metadata: Iterable[Any]) -> dict[str, Any]:
    items = [limit for item in metadata for limit in (item.metadata if isinstance(item, FieldInfo) else [item])]
    return {
        kind: getattr(item, kind)
        for item in items
        for kind in ("gt", "ge", "lt", "le")
        if getattr(item, kind, None) is not None
    }


def _whole_range(limits: dict[str, Any]) -> str:
    low = limits["gt"] + 1 if "gt" in limits else limits.get("ge")
    high = limits["lt"] - 1 if "lt" in limits else limits.get("le")
    if high is not None:
        return f" from {low} to {high}"
    return "" if low is None else f" of at least {low}"


def _range(limits: dict[str, Any]) -> str:
    if {"ge", "le"} <= limits.keys():
        return f" from {limits['ge']} to {limits['le']}"
    words = {"gt": "above", "ge": "of at least", "lt": "below", "le": "of at most"}
    said = " and ".join(f"{words[kind]} {limit}" for kind, limit in limits.items())
    return f" {said}" if said else ""

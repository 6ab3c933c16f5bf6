"""What a field of a config model allows, in the words of an error message."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typing_extensions import TypeAliasType

from d9d_lr.diagnostics.limits import kind_in_words, limits_in

MAPPING = "a mapping of keys to values"


def fields_of(node: Any) -> dict[str, Any]:
    """Returns the fields of a config model or of a config dataclass, by name, with their whole annotations."""
    if not is_model(node):
        return {}
    owner = get_origin(node) or node
    if issubclass(owner, BaseModel):
        return {name: _annotation_of(field) for name, field in owner.model_fields.items()}
    hints = get_type_hints(owner, include_extras=True)
    given = get_args(node)[:1] or (Any,)
    own_first = sorted(dataclasses.fields(owner), key=lambda field: field.name not in owner.__annotations__)
    return {
        field.name: given[0] if isinstance(hints[field.name], TypeVar) else hints[field.name] for field in own_first
    }


def _annotation_of(field: FieldInfo) -> Any:
    return Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation


def bare(annotation: Any) -> Any:
    """Removes names of types, `Annotated` and `| None`."""
    while isinstance(annotation, TypeAliasType) or get_origin(annotation) is Annotated:
        annotation = unnamed(annotation) if isinstance(annotation, TypeAliasType) else get_args(annotation)[0]
    if is_union(annotation):
        members = [member for member in get_args(annotation) if member is not NoneType]
        if len(members) == 1:
            return bare(members[0])
    return annotation


def unnamed(annotation: Any) -> Any:
    """Returns what a named type stands for."""
    return annotation.__value__ if isinstance(annotation, TypeAliasType) else annotation


def is_union(annotation: Any) -> bool:
    """Whether an annotation is `A | B`."""
    return get_origin(annotation) in (Union, UnionType)


def is_model(annotation: Any) -> bool:
    """Whether an annotation is a config model or a config dataclass."""
    owner = get_origin(annotation) or annotation
    return isinstance(owner, type) and (issubclass(owner, BaseModel) or dataclasses.is_dataclass(owner))


def allowed(annotation: Any) -> str:
    """Says what an annotation allows, such as 'a number from 0.0 to 1.0' or 'auto, cpu or cuda'."""
    limits: dict[str, Any] = {}
    annotation = unnamed(annotation)
    while get_origin(annotation) is Annotated:
        annotation, *metadata = get_args(annotation)
        limits |= limits_in(metadata)
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
    if kind in (int, float):
        return kind_in_words(kind, limits)
    if kind is bool:
        return "true or false"
    if kind is str:
        return "text"
    return "null" if kind is NoneType else MAPPING

"""What a run computes, as a short text that two runs share exactly if they compute the same thing.

A later version of the package may give a section a new field. Such a field has a default, which says what runs did
before there was the field; a fingerprint leaves it out while it has that default, so that what was made before stays
the same. The text begins with the number of the rules that it was made by: those of other numbers say nothing.
"""

from __future__ import annotations

import dataclasses
import hashlib
import typing
from collections.abc import Mapping
from functools import cache
from types import NoneType
from typing import Any, Literal

from pydantic import BaseModel

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.runs.canonical import canonical
from d9d_lr.training.settings import NOT_IN_FINGERPRINT, Settings

RULES = 2
"""The number of the rules; those of 0.1.0 were 1, and its fingerprints have no number."""


def settings_fingerprint(settings: Settings) -> str:
    """Returns the fingerprint of a run with these settings, whatever tracks it and however it is saved."""
    what = {name: essential(getattr(settings, name)) for name in ("lr", "optimizer", "task", "train")}
    if settings.schedules:
        what["schedules"] = essential(settings.schedules)
    what["train"] = {name: value for name, value in what["train"].items() if name not in NOT_IN_FINGERPRINT}
    return digest(what)


def family_fingerprint(settings: Settings) -> str:
    """Returns what two runs share that differ by nothing but their schedules and the length: they begin as one run.

    The number of threads counts, since sums that are divided otherwise are rounded otherwise.
    """
    other = ("lr", "schedules", "tracker")
    what = {name: essential(getattr(settings, name)) for name in Settings.model_fields if name not in other}
    beside = {*NOT_IN_FINGERPRINT, "total_steps", "stop_after"} - {"num_threads"}
    what["train"] = {name: value for name, value in what["train"].items() if name not in beside}
    return digest(what)


def essential(part: Any) -> Any:
    """Returns what decides what a part of the settings does: plain values, without fields that have their default."""
    match part:
        case TargetConfig():
            return {"target": part.target, "arguments": part.arguments}
        case Mapping():
            return {name: essential(value) for name, value in part.items()}
        case list() | tuple():
            return [essential(item) for item in part]
        case _ if isinstance(part, BaseModel) or dataclasses.is_dataclass(part):
            return _without_defaults(part)
        case _:
            return part


def defaults(kind: type[Any]) -> dict[str, Any]:
    """Returns the default of each field of a model or dataclass that has one: what a file without the field means."""
    if issubclass(kind, BaseModel):
        optional = {name: field for name, field in kind.model_fields.items() if not field.is_required()}
        return {name: field.get_default(call_default_factory=True) for name, field in optional.items()}
    fields = dataclasses.fields(kind)
    return {field.name: field.default for field in fields if field.default is not dataclasses.MISSING}


def storable(part: Any) -> Any:
    """Returns a part of the settings as what a checkpoint can hold, every field of it; what it cannot hold as text."""
    match part.model_dump() if isinstance(part, BaseModel) else part:
        case Mapping() as mapping:
            return {storable(key): storable(value) for key, value in mapping.items()}
        case (list() | tuple()) as items:
            return [storable(item) for item in items]
        case value:
            return value if type(value) in (int, float, bool, str, bytes, NoneType) else str(value)


def digest(plain: Any) -> str:
    """Returns a short hash of plain values, behind the number of the rules."""
    return f"{RULES}-{hashlib.sha256(canonical(plain).encode()).hexdigest()[:16]}"


def _without_defaults(part: Any) -> dict[str, Any]:
    kind: Any = type(part)  # a class that defines __eq__ is no Hashable to mypy, and the caches ask for one
    absent, tags = _defaults_as_text(kind), _tags(kind)
    values = {name: essential(value) for name, value in vars(part).items()}
    return {
        name: value
        for name, value in values.items()
        if name in tags or name not in absent or canonical(value) != absent[name]
    }


@cache
def _defaults_as_text(kind: type[Any]) -> dict[str, str]:
    return {name: canonical(essential(value)) for name, value in defaults(kind).items()}


@cache
def _tags(kind: type[Any]) -> frozenset[str]:
    """Returns the fields that can have one value only and tell the members of a union apart; no default stands in."""
    hints = typing.get_type_hints(kind)
    return frozenset(
        name for name, hint in hints.items() if typing.get_origin(hint) is Literal and len(typing.get_args(hint)) == 1
    )

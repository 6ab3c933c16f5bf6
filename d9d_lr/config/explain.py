"""Pydantic's validation errors, told as problems: the key as typed, the value, what is allowed, a nearer name."""

from __future__ import annotations

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from d9d_lr.config.positions import phase_positions
from d9d_lr.problems import Problem, did_you_mean, join_key


def explain(error: ValidationError, model: type[BaseModel], raw: Any, key: str = "") -> list[Problem]:
    """Returns one problem for each key that a validation found wrong.

    Args:
        error: What Pydantic raised.
        model: The model that was validated.
        raw: What was validated, for the names of its phases.
        key: Where the model stands in the whole configuration, such as `lr`.
    """
    problems: dict[str, Problem] = {}
    for details in error.errors(include_url=False):
        problem = _problem(details, model, raw, key)
        problems.setdefault(problem.key, problem)
    return list(problems.values())


def _problem(details: ErrorDetails, model: type[BaseModel], raw: Any, prefix: str) -> Problem:
    parts, parent = _walk(model, details["loc"])
    name = str(details["loc"][-1]) if details["loc"] else ""
    key = join_key(prefix, *_as_typed(parts, raw))
    found = details["input"]
    context = details.get("ctx", {})
    match details["type"]:
        case "missing":
            return Problem(key, "is missing")
        case "extra_forbidden":
            known = list(parent.model_fields) if parent else []
            allowed = f"allowed here: {', '.join(known)}" if known else "nothing is allowed here"
            return Problem(key, f"unknown key (value {found!r}); {allowed}", _leftover(key, name, known))
        case "union_tag_invalid":
            tags = [tag.strip("' ") for tag in str(context["expected_tags"]).split(",")]
            field, tag = str(context["discriminator"]).strip("'"), str(context["tag"])
            message = f"{tag!r} is not one of {', '.join(tags)}"
            return Problem(join_key(key, field), message, did_you_mean(tag, tags))
        case "union_tag_not_found":
            field = str(context["discriminator"]).strip("'")
            return Problem(join_key(key, field), f"is missing (found {_short(found)})")
        case "greater_than" | "greater_than_equal" | "less_than" | "less_than_equal":
            allowed = _bounds(parent, name) or f"{details['type'].replace('_', ' ')} {next(iter(context.values()))}"
            return Problem(key, f"{found!r} is not allowed; it must be {allowed}")
        case "finite_number":
            return Problem(key, f"{found!r} is not allowed; it must be a finite number")
        case "literal_error":
            allowed = str(context["expected"]).replace("'", "")
            return Problem(
                key, f"{found!r} is not allowed; it must be {allowed}", did_you_mean(str(found), _words(allowed))
            )
        case "too_short":
            return Problem(key, "there are none; a schedule needs at least one phase")
        case "value_error":
            return Problem(key, str(context["error"]))
        case _:
            return Problem(key, f"{_short(found)} is not allowed; {details['msg'][0].lower()}{details['msg'][1:]}")


def _leftover(key: str, name: str, known: list[str]) -> str:
    """Says what to type instead of an unknown key."""
    near = did_you_mean(name, known)
    if near:
        return near
    parts = key.split(".")
    if (len(parts) >= 2 and parts[-2] == "curve") or (len(parts) >= 3 and parts[-3] == "phases"):
        place = ".".join(parts[:-1])
        group = "lr/curve" if parts[-2] == "curve" else "lr/warmup, lr/hold or lr/decay"
        example = f"lr/curve@{place}=poly" if parts[-2] == "curve" else f"lr/decay@{place}=linear"
        return f"a value merges into what was there before; swap the group instead ({group}), as in {example}"
    if name in {"warmup", "hold", "decay", "curve"}:
        return f"say where it goes, as in lr/{name}@lr.phases.0{'.curve' if name == 'curve' else ''}=linear"
    return ""


def _bounds(parent: type[BaseModel] | None, name: str) -> str:
    """Says a field's range in words, such as 'from 0.0 to 1.0' or 'above 0'."""
    field = parent.model_fields.get(name) if parent else None
    limits = {
        kind: getattr(item, kind)
        for item in (field.metadata if field else [])
        for kind in ("gt", "ge", "lt", "le")
        if getattr(item, kind, None) is not None
    }
    if {"ge", "le"} <= limits.keys():
        return f"from {limits['ge']} to {limits['le']}"
    words = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most"}
    return " and ".join(f"{words[kind]} {limit}" for kind, limit in limits.items())


def _walk(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[list[int | str], type[BaseModel] | None]:
    """Follows a location through the model.

    Returns:
        The location without the tags that Pydantic puts in for unions, and the model that holds its last part.
    """
    node: Any = model
    parent: type[BaseModel] | None = None
    parts: list[int | str] = []
    for element in loc:
        node = _bare(node)
        if get_origin(node) in (Union, UnionType):
            node = next((member for member in get_args(node) if element in _tags(member)), None)
            continue
        parent = node if isinstance(node, type) and issubclass(node, BaseModel) else None
        if parent:
            field = parent.model_fields.get(str(element))
            node = field.annotation if field else None
        else:
            node = get_args(node)[0] if get_origin(node) is list else None
        parts.append(element)
    return parts, parent


def _bare(annotation: Any) -> Any:
    """Removes Annotated and `| None`."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return _bare(members[0])
    return annotation


def _tags(member: Any) -> set[Any]:
    if not (isinstance(member, type) and issubclass(member, BaseModel)):
        return set()
    return {
        tag
        for field in member.model_fields.values()
        if get_origin(field.annotation) is Literal
        for tag in get_args(field.annotation)
    }


def _as_typed(parts: list[int | str], raw: Any) -> list[str]:
    """Turns a location into the keys of the raw input: flat if that was flat, with phases by position."""
    flat = isinstance(raw, Mapping) and "scheduler" not in raw
    typed = [str(part) for part in parts]
    schedule = raw if flat else raw.get("scheduler") if isinstance(raw, Mapping) else None
    if len(parts) > 2 and parts[:2] == ["scheduler", "phases"] and isinstance(schedule, Mapping):
        typed[2] = phase_positions(schedule["phases"])[int(parts[2])]
    return typed[1:] if flat and typed[:1] == ["scheduler"] else typed


def _words(text: str) -> list[str]:
    return text.replace(" or ", ", ").split(", ")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

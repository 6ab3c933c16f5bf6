"""Pydantic's validation errors, told as problems: the key as typed, the value, what is allowed, a nearer name."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from d9d_lr.diagnostics.allowed import allowed, listed
from d9d_lr.diagnostics.hints import percent_hint, swap_hint
from d9d_lr.diagnostics.places import Place, find_place
from d9d_lr.diagnostics.problems import ConfigError, Problem, WrongKindError, did_you_mean, join_key
from d9d_lr.diagnostics.unresolved import Unresolved

NO_PHASES = "there are none; a schedule needs at least one phase"


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
        place, reason = find_place(model, details["loc"]), details.get("ctx", {}).get("error")
        if isinstance(reason, ConfigError):
            found = [problem.below(place.key(key, raw)) for problem in reason.problems]
        else:
            found = [_problem(details, place, raw, key)]
        for problem in found:
            problems.setdefault(problem.key, problem)
    return list(problems.values())


def _problem(details: ErrorDetails, place: Place, raw: Any, prefix: str) -> Problem:
    key, found, context = place.key(prefix, raw), details["input"], details.get("ctx", {})
    if isinstance(found, Unresolved):
        return Problem(key, found.reason)
    match details["type"]:
        case "missing":
            return Problem(key, f"is missing; it must be {allowed(place.annotation)}")
        case "extra_forbidden" | "unexpected_keyword_argument":
            return _extra(place, key, found)
        case "union_tag_invalid" if isinstance(found.get(_discriminator(context)), Unresolved):
            return Problem(join_key(key, _discriminator(context)), found[_discriminator(context)].reason)
        case "union_tag_invalid":
            tag, tags = str(context["tag"]), _tags(context)
            return Problem(
                join_key(key, _discriminator(context)),
                f"{shown(tag)} is not allowed; it must be {listed(tags)}",
                did_you_mean(tag, tags),
            )
        case "union_tag_not_found":
            return Problem(join_key(key, _discriminator(context)), f"is missing (found {shown(found)})")
        case "rest_not_last":
            return Problem(place.below(context["index"], "mode").key(prefix, raw), details["msg"])
        case "too_short" if place.name == "phases":
            return Problem(key, NO_PHASES)
        case "value_error" if not isinstance(context["error"], WrongKindError):
            return Problem(key, str(context["error"]))
        case _:
            return _not_allowed(place, key, found)


def _extra(place: Place, key: str, found: Any) -> Problem:
    said = f"allowed here: {', '.join(place.known)}" if place.known else "nothing is allowed here"
    hint = did_you_mean(place.name, place.known) or swap_hint(key)
    return Problem(key, f"unknown key (value {shown(found)}); {said}", hint)


def _not_allowed(place: Place, key: str, found: Any) -> Problem:
    said = allowed(place.annotation)
    hint = percent_hint(place.name, found) or did_you_mean(str(found), said.replace(" or ", ", ").split(", "))
    if place.name == "curve" or not place.name.isidentifier():
        hint = swap_hint(join_key(key, "type"))
    return Problem(key, f"{shown(found)} is not allowed; it must be {said}", hint)


def _discriminator(context: dict[str, Any]) -> str:
    return str(context["discriminator"]).strip("'")


def _tags(context: dict[str, Any]) -> list[str]:
    return [tag.strip("' ") for tag in str(context["expected_tags"]).split(",")]


def shown(value: Any) -> str:
    """Returns a value as it stands in YAML, cut short."""
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."

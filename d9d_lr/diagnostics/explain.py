"""Pydantic's validation errors as problems: the key as typed, the value, what is allowed, a nearer name."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from d9d_lr.diagnostics.allowed import MAPPING, allowed, listed
from d9d_lr.diagnostics.places import PLAIN, Place, Vocabulary, find_place
from d9d_lr.diagnostics.problems import ConfigError, Problem, Unresolved, WrongKindError, did_you_mean, join_key

ModelT = TypeVar("ModelT", bound=BaseModel)


def validated(model: type[ModelT], raw: Any, key: str = "") -> ModelT:
    """Returns the model of an input.

    Raises:
        ConfigError: With every problem found.
    """
    try:
        return model.model_validate(raw)
    except ValidationError as error:
        raise ConfigError(explain(error, model, raw, key)) from None


def explain(
    error: ValidationError, model: type[BaseModel], raw: Any, key: str = "", vocabulary: Vocabulary = PLAIN
) -> list[Problem]:
    """Returns one problem for each key that a validation found wrong.

    Args:
        error: What Pydantic raised.
        model: The model that was validated.
        raw: What was validated.
        key: Where the model stands in the whole configuration, such as `lr`.
        vocabulary: What only this configuration knows about its errors.
    """
    problems: dict[str, Problem] = {}
    for details in error.errors(include_url=False):
        place, reason = find_place(model, details["loc"]), details.get("ctx", {}).get("error")
        if isinstance(reason, ConfigError):
            found = [problem.below(place.key(key, raw, vocabulary)) for problem in reason.problems]
        else:
            found = [_problem(details, place, raw, key, vocabulary)]
        for problem in found:
            problems.setdefault(problem.key, problem)
    return list(problems.values())


def _problem(details: ErrorDetails, place: Place, raw: Any, prefix: str, vocabulary: Vocabulary) -> Problem:
    key, found, context = place.key(prefix, raw, vocabulary), details["input"], details.get("ctx", {})
    if isinstance(found, Unresolved):
        return Problem(key, found.reason)
    match details["type"]:
        case "missing":
            return Problem(key, f"is missing; it must be {allowed(place.annotation)}", misplaced=True)
        case "extra_forbidden" | "unexpected_keyword_argument":
            return _extra(place, key, found, vocabulary)
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
        case "too_short" if not found:
            return Problem(key, vocabulary.empty(place.name))
        case _ if {"index", "field"} <= context.keys():
            return Problem(place.below(context["index"], context["field"]).key(prefix, raw, vocabulary), details["msg"])
        case "value_error" if not isinstance(context["error"], WrongKindError):
            return Problem(key, str(context["error"]))
        case _:
            return _not_allowed(place, key, found, vocabulary)


def _extra(place: Place, key: str, found: Any, vocabulary: Vocabulary) -> Problem:
    said = f"allowed here: {', '.join(place.known)}" if place.known else "nothing is allowed here"
    near = "" if vocabulary.of_another_kind(place.name) else did_you_mean(place.name, place.known)
    hint = near or vocabulary.hint(key, found, unknown=True)
    return Problem(key, f"unknown key (value {shown(found)}); {said}", hint, misplaced=True)


def _not_allowed(place: Place, key: str, found: Any, vocabulary: Vocabulary) -> Problem:
    said = allowed(place.annotation)
    near = did_you_mean(str(found), said.replace(" or ", ", ").split(", "))
    hint = vocabulary.hint(key, found, unknown=False) or near
    return Problem(key, f"{shown(found)} is not allowed; it must be {said}", hint, misplaced=said == MAPPING)


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

"""From where Pydantic saw an error to the key as a user typed it, and to the field that stands there.

How its keys are typed, and what to type instead, only one kind of configuration knows: its vocabulary.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from d9d_lr.diagnostics.allowed import bare, fields_of, is_model, is_union
from d9d_lr.diagnostics.problems import join_key


class Vocabulary:
    """The words for any configuration; a room that knows more about its own overrides these methods."""

    def typed(self, parts: Sequence[int | str], raw: Any) -> list[str]:
        """Returns the parts of a key as a user typed them.

        Args:
            parts: Names and indices from the model on, as Pydantic counts them.
            raw: What was validated.
        """
        return [str(part) for part in parts]

    def empty(self, name: str) -> str:
        """Says that a list has no items."""
        return "must not be empty"

    def hint(self, key: str, found: Any, *, unknown: bool) -> str:
        """Says what to type instead; empty where there is nothing useful to say.

        Args:
            key: The key, as typed.
            found: The value found there.
            unknown: Whether the key is not allowed at all; else its value is not.
        """
        return ""


PLAIN = Vocabulary()
"""For a configuration that is typed as it is validated."""


@dataclass(frozen=True)
class Place:
    """Where an error is.

    Attributes:
        parts: The names and indices on the way there, from the model on.
        owner: The model that has, or refused, the last part; None where that is an item of a list.
        annotation: What may stand there; None where nothing may.
    """

    parts: tuple[int | str, ...]
    owner: Any
    annotation: Any

    @property
    def name(self) -> str:
        """The last part."""
        return str(self.parts[-1]) if self.parts else ""

    @property
    def known(self) -> list[str]:
        """The fields that the owner has."""
        return list(fields_of(self.owner))

    def key(self, prefix: str, raw: Any, vocabulary: Vocabulary) -> str:
        """Returns the key as typed.

        Args:
            prefix: Where the model stands in the whole configuration.
            raw: The input that was validated.
            vocabulary: How its keys are typed.
        """
        return join_key(prefix, *vocabulary.typed(self.parts, raw))

    def below(self, *parts: int | str) -> Place:
        """Returns a place further down."""
        return Place((*self.parts, *parts), None, None)


def find_place(model: type[BaseModel], location: tuple[int | str, ...]) -> Place:
    """Follows a location of Pydantic's through a model, leaving out the tags that it puts in for unions."""
    parts: list[int | str] = []
    owner: Any = None
    annotation: Any = model
    node: Any = model
    for element in location:
        node = bare(node)
        if is_union(node):
            node = next((member for member in get_args(node) if element in _tags(member)), None)
            continue
        owner = node if is_model(node) else None
        annotation = node = _child(node, element)
        parts.append(element)
    return Place(tuple(parts), owner, annotation)


def _child(node: Any, element: int | str) -> Any:
    if is_model(node):
        return fields_of(node).get(str(element))
    if get_origin(node) is tuple:
        return get_args(node)[int(element)]
    if get_origin(node) is dict:
        return get_args(node)[1]
    return get_args(node)[0] if get_origin(node) is list else None


def _tags(member: Any) -> set[Any]:
    return {
        tag
        for annotation in fields_of(member).values()
        if get_origin(annotation) is Literal
        for tag in get_args(annotation)
    }

"""What only one kind of configuration knows about its errors: how its keys are typed, and what to type instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


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

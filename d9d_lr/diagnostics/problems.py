"""What is wrong with an input, in the words of the user who typed it.

Every room reports bad input as a list of `Problem`s carried by one `ConfigError`, so that all of them are shown at
once and each names the key as it is typed on the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong.

    Attributes:
        key: The key as a user types it, such as `lr.phases.1.percentage`; empty where no key is to blame.
        message: The value found and what is allowed.
        hint: What to type instead; empty where there is nothing useful to say. What it says to type ends it.
        misplaced: Whether the key is wrong and not its value, so that it may belong to another kind of what is there.
    """

    key: str
    message: str
    hint: str = ""
    misplaced: bool = False

    def below(self, place: str) -> Problem:
        """Returns the problem of a part, as a problem of the whole that has the part at `place`."""
        key = join_key(place, self.key)
        return replace(self, key=key, hint=self.hint.replace(f"type {self.key}=", f"type {key}="))

    def __str__(self) -> str:
        line = f"{self.key}: {self.message}" if self.key else self.message
        return f"{line}\n    {self.hint}" if self.hint else line


class ConfigError(ValueError):
    """A configuration that cannot be used, with everything that is wrong with it.

    Attributes:
        problems: Every problem found, in the order of the configuration.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        title = "1 problem in the configuration" if count == 1 else f"{count} problems in the configuration"
        return "\n".join([f"{title}:", *(f"  {problem}" for problem in self.problems)])


class WrongKindError(ValueError):
    """A value of a kind that a field never takes, such as text for a number; the report says what it takes."""


class RunError(RuntimeError):
    """Something outside the configuration that stops a run, reported in one sentence: a missing file, a full disk."""


def join_key(*parts: str) -> str:
    """Joins the parts of a dotted key, leaving out the empty ones."""
    return ".".join(part for part in parts if part)


def leaves(node: Any, key: str = "") -> Iterator[tuple[str, Any]]:
    """Yields every value that is no mapping, with its dotted key."""
    if not isinstance(node, Mapping):
        yield key, node
        return
    for name, child in node.items():
        yield from leaves(child, join_key(key, str(name)))


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Returns a sentence that suggests the nearest known name, or the empty string."""
    names = list(known)
    begun = [one for one in names if len(name) > 3 and one.startswith(name)]
    near = begun or difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]!r}?" if near else ""


class Unresolved:
    """Stands for a value that is not there, so that validation meets it where it would be.

    No dataclass, for OmegaConf would take one apart.

    Attributes:
        reason: Why it is not there.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __repr__(self) -> str:
        return f"Unresolved({self.reason!r})"

"""A value that a configuration does not have, in the place where validation will look for it."""

from __future__ import annotations


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

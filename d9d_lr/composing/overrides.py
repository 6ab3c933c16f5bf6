"""Overrides that Hydra accepts and that do not do what they say."""

from __future__ import annotations

import re
from collections.abc import Sequence

from d9d_lr.diagnostics.problems import ConfigError, Problem


def check_overrides(overrides: Sequence[str]) -> None:
    """Refuses `lr.phases.1={}` and the like, which merges nothing into what is there and so changes nothing.

    Raises:
        ConfigError: With each of them.
    """
    emptied = [found[1] for override in overrides if (found := re.fullmatch(r"(lr(?:\.\w+)*)=\{\s*\}", override))]
    if emptied:
        raise ConfigError(
            Problem(key, "{} merges into what is there and changes nothing", f"to leave it out, type ~{key}")
            for key in emptied
        )

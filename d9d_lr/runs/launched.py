"""The processes that torchrun started, for code that must not import torch."""

from __future__ import annotations

import os

from d9d_lr.diagnostics.problems import ConfigError, Problem


def world_size() -> int:
    """Returns the number of processes of this run; 1 where torchrun started none.

    Raises:
        ConfigError: If WORLD_SIZE is no number of processes.
    """
    text = os.environ.get("WORLD_SIZE", "1")
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise ConfigError([Problem("WORLD_SIZE", f"{text!r} is not allowed; it must be a whole number of at least 1")])
    return int(text)

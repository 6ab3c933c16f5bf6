"""What torchrun says of the processes that it started, for code that must not import torch."""

from __future__ import annotations

import os

from d9d_lr.diagnostics.problems import RunError


def world_size() -> int:
    """Returns the number of processes of this run; 1 where torchrun started none.

    Raises:
        RunError: If WORLD_SIZE is no number of processes.
    """
    text = os.environ.get("WORLD_SIZE", "1")
    if not (text.isascii() and text.isdecimal() and int(text) > 0):
        raise RunError(f"WORLD_SIZE is {text!r}; torchrun sets it to the number of processes, and alone it is left out")
    return int(text)

"""The processes that torchrun started, for code that must not import torch."""

from __future__ import annotations

import os


def world_size() -> int:
    """Returns the number of processes of this run; 1 where torchrun started none."""
    return int(os.environ.get("WORLD_SIZE", "1"))

"""How many threads each process gets, so that jobs that run at once share the cores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

PARALLEL_JOBS = "D9D_LR_PARALLEL_JOBS"
"""The environment variable by which a sweep says how many of its jobs run at once on this machine."""


def threads_for_process(
    num_threads: int | Literal["auto"], environ: Mapping[str, str] = os.environ, cores: int | None = None
) -> int:
    """Returns the number of threads for this process.

    Args:
        num_threads: The setting; "auto" divides the cores among the jobs and processes that run at once.
        environ: Where a sweep and torchrun say how many there are.
        cores: Cores of the machine; those that this process may use by default.
    """
    if num_threads != "auto":
        return num_threads
    available = cores or len(os.sched_getaffinity(0))
    at_once = int(environ.get(PARALLEL_JOBS, "1")) * int(environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, available // max(1, at_once))

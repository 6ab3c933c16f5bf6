"""How many threads each process gets, so that jobs that run at once share the cores."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from d9d_lr.sweeping.parallel import jobs_at_once


def threads_for_process(
    num_threads: int | Literal["auto"], environ: Mapping[str, str] = os.environ, cores: int | None = None
) -> int:
    """Returns the number of threads for this process.

    Args:
        num_threads: The setting; "auto" divides the cores among the jobs and processes that run at once. It knows
            nothing of other programs on the machine, and threads that wait for a busy core spin.
        environ: Where a sweep and torchrun say how many there are.
        cores: Cores of the machine; those that this process may use by default.
    """
    if num_threads != "auto":
        return num_threads
    available = cores or available_cores()
    at_once = jobs_at_once(environ) * int(environ.get("LOCAL_WORLD_SIZE", "1"))
    return max(1, available // max(1, at_once))


def available_cores(cpu_max: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Returns the cores that this process may use: those it may run on, or its container's quota where that is less.

    Args:
        cpu_max: The quota of the control group: `QUOTA PERIOD` in microseconds, or `max PERIOD` for none.
    """
    allowed = len(os.sched_getaffinity(0))
    try:
        quota, period = cpu_max.read_text().split()
    except (OSError, ValueError):
        return allowed
    return allowed if quota == "max" else max(1, min(allowed, int(quota) // int(period)))

"""How many jobs of a sweep run at once on a machine, as each of them can find out."""

from __future__ import annotations

import os
from collections.abc import Mapping

VARIABLE = "D9D_LR_PARALLEL_JOBS"
"""The environment variable that a sweep sets for its jobs, where it is more than one."""


def jobs_at_once(environ: Mapping[str, str] = os.environ) -> int:
    """Returns the number of jobs that share this machine with this one, itself included."""
    return int(environ.get(VARIABLE, "1"))

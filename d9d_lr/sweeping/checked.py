"""The points of a sweep that can run, and what is said of the others before anything starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.sweeping.plan import plan_sweep
from d9d_lr.sweeping.preflight import BadPoint, CheckedPoint
from d9d_lr.sweeping.saying import say
from d9d_lr.sweeping.sweep import Sweep
from d9d_lr.sweeping.tables import bad_points


class BadSweepError(ConfigError):
    """Points that cannot run, shown as one table."""

    def __init__(self, bad: Sequence[BadPoint], total: int, section: str) -> None:
        super().__init__(problem for point in bad for problem in point.problems)
        self._table = bad_points(bad)
        self._title = f"{len(bad)} of {total} points cannot run; nothing was started"
        left = len(bad) < total
        self._hint = f"\n\nto leave such points out, type {section}.on_invalid=drop" if left else ""

    def __str__(self) -> str:
        return f"{self._title}\n\n{self._table}{self._hint}"


def checked_points(sweep: Sweep, arguments: Sequence[str]) -> Sequence[CheckedPoint]:
    """Returns the points that can run, each configuration once, and says what became of the others."""
    if any(typed.lstrip("+").startswith("hydra.sweep.subdir=") for typed in sweep.config.hydra.overrides.hydra):
        raise ConfigError([Problem("hydra.sweep.subdir", "cannot be set; folders are named by the changed keys")])
    planned = plan_sweep(sweep.parse(arguments), sweep.settings, sweep.parse, sweep.config.hydra.sweeper.section)
    found = sweep.preflight(planned)
    if found.bad and (sweep.settings.on_invalid == "error" or not found.good):
        raise BadSweepError(found.bad, len(planned), sweep.section)
    if found.bad:
        say(f"{len(found.bad)} of {len(planned)} points cannot run and are left out\n\n{bad_points(found.bad)}\n")
    for point, folder in found.repeated:
        say(f"point {point.number} ({point.folder}) has the same configuration as {folder}, which runs once")
    for checked in found.good:
        if checked.same_as:
            say(f"point {checked.number} ({checked.folder}) computes the same as {checked.same_as}")
    _say_advice(found.good)
    return found.good


def _say_advice(points: Sequence[CheckedPoint]) -> None:
    """Says each remark once, with how many points it is about."""
    about = Counter(remark for point in points for remark in point.preview.advice)
    for remark, count in about.items():
        say(remark if count == len(points) else f"{remark} [{count} of {len(points)} points]")

"""The points that a sweep with these words would run, planned as the sweeper plans them."""

from __future__ import annotations

from collections.abc import Sequence

from d9d_lr.composing.application import Application
from d9d_lr.sweeping.plan import Point, plan_sweep
from d9d_lr.sweeping.settings import SECTION, SweepConfig, resolve_sweep


def points_of(application: Application, overrides: Sequence[str]) -> list[Point]:
    """Expands the values that sweep, for each part of `sweep.union`; keys in `sweep.zip` advance together.

    Raises:
        ConfigError: If an override does not parse, or asks for values that cannot be listed.
    """
    parsed = application.parsed(overrides)
    if application.is_own:  # a section that is called sweep means there what it likes
        return plan_sweep(parsed, SweepConfig(), application.parse, section=None)
    steering = [str(override.input_line) for override in parsed if override.key_or_group.startswith("sweep.")]
    return plan_sweep(parsed, resolve_sweep(application.compose(steering).get(SECTION, {})), application.parse)

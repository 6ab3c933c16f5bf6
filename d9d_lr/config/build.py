"""From a validated config and a number of steps to a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import assert_never

from d9d_lr.config.models import (
    CurveConfig,
    CurveCosineConfig,
    CurveExponentialConfig,
    CurveLinearConfig,
    CurvePolyConfig,
    PercentagePhaseConfig,
    PhaseConfig,
    PiecewiseConfig,
    PiecewiseSchedulerConfig,
    RestPhaseConfig,
    StepPhaseConfig,
)
from d9d_lr.schedule.curves import CurveBase, CurveCosine, CurveExponential, CurveLinear, CurvePoly
from d9d_lr.schedule.phases import FillRest, ForSteps, Length, PhaseSpec, UntilPercentage
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import resolve


def build_schedule(
    config: PiecewiseConfig | PiecewiseSchedulerConfig,
    total_steps: int | None,
    *,
    positions: Sequence[str] | None = None,
) -> Schedule:
    """Resolves a config's phases against the length of a run.

    Args:
        config: The validated schedule.
        total_steps: Steps of the whole run; may be None if every phase is a number of steps.
        positions: What each phase is called in an error; its index by default.

    Returns:
        The schedule: `.multiplier(step)`, `.multipliers(steps)` and `.phases` with their start and end steps.

    Raises:
        ConfigError: With every problem, if the phases do not fit `total_steps`.
    """
    scheduler = config.scheduler if isinstance(config, PiecewiseConfig) else config
    specs = [
        PhaseSpec(_length(phase), phase.target_multiplier, curve_from_config(phase.curve)) for phase in scheduler.phases
    ]
    return resolve(scheduler.initial_multiplier, specs, total_steps, positions)


def curve_from_config(config: CurveConfig) -> CurveBase:
    """Returns the curve that a config describes."""
    match config:
        case CurveLinearConfig():
            return CurveLinear()
        case CurveCosineConfig():
            return CurveCosine()
        case CurvePolyConfig():
            return CurvePoly(config.power)
        case CurveExponentialConfig():
            return CurveExponential()
        case _:
            assert_never(config)


def _length(phase: PhaseConfig) -> Length:
    match phase:
        case StepPhaseConfig():
            return ForSteps(phase.steps)
        case PercentagePhaseConfig():
            return UntilPercentage(phase.percentage)
        case RestPhaseConfig():
            return FillRest()
        case _:
            assert_never(phase)

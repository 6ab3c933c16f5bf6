"""A schedule as the d9d framework reads it: the modes steps, percentage and rest; linear, cosine, poly, exponential."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.exporting.pieces import Piece, joined, pieces_of
from d9d_lr.schedule.curves import CurveCosine, CurveExponential, CurveLinear, CurvePoly
from d9d_lr.schedule.phases import PhasePercentage, PhaseRest, PhaseSteps
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.units import floor_fraction

CURVES = (CurveLinear, CurveCosine, CurvePoly, CurveExponential)
_MODES = (PhaseSteps, PhasePercentage, PhaseRest)
_FIELDS = {"mode", "steps", "percentage", "target_multiplier", "curve"}


def to_d9d(config: PiecewiseConfig, schedule: Schedule) -> PiecewiseConfig:
    """Returns a config that the d9d framework reads, with the values of `schedule`.

    What d9d has is returned as it is written. Everything else is lowered, in steps of the run that the schedule was
    resolved for: a jump to a phase of no steps, a length to steps, a learning rate to a multiplier, a curve to one of
    d9d's four with the same formula.

    Args:
        config: The schedule as it is written.
        schedule: The same, resolved for a run whose length is known.

    Raises:
        ConfigError: With each phase that d9d cannot say.
    """
    total_steps = schedule.total_steps or schedule.phases[-1].end_step
    if _is_d9d(config, total_steps):
        return config
    pieces, problems = pieces_of(schedule)
    problems += [
        Problem(f"{piece.place}.curve", f"d9d has no {piece.curve.label}; it has linear, cosine, poly and exponential")
        for piece in pieces
        if not isinstance(piece.curve, CURVES)
    ]
    if problems:
        raise ConfigError({problem.key: problem for problem in problems}.values())
    phases = _phases(schedule.initial_multiplier, pieces, total_steps)
    return PiecewiseConfig.model_validate({"initial_multiplier": schedule.initial_multiplier, "phases": phases})


def _is_d9d(config: PiecewiseConfig, total_steps: int) -> bool:
    plain = config.scheduler.model_dump()
    return plain.keys() == {"initial_multiplier", "phases"} and all(
        written.keys() <= _FIELDS
        and isinstance(phase, _MODES)
        and isinstance(phase.curve, CURVES)
        and (not isinstance(phase, PhasePercentage) or _floors_agree(total_steps, phase.percentage))
        for phase, written in zip(config.scheduler.phases, plain["phases"], strict=True)
    )


def _floors_agree(total_steps: int, fraction: float) -> bool:
    """Whether d9d, which multiplies in floating point, ends a phase where it ends here: not so for 0.57 of 10 000."""
    return int(total_steps * fraction) == floor_fraction(total_steps, fraction)


def _phases(initial: float, pieces: Sequence[Piece], total_steps: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    multiplier = initial
    for piece in joined(pieces):
        if piece.start != multiplier:
            found.append(_jump(piece.start_step, piece.start, total_steps))
        if piece.end_step > piece.start_step:
            found.append(_phase(piece))
        multiplier = piece.target
    if pieces[-1].end_step == total_steps and found[-1]["mode"] == "steps":
        found[-1] = {name: value for name, value in found[-1].items() if name != "steps"} | {"mode": "rest"}
    return found


def _phase(piece: Piece) -> dict[str, Any]:
    assert isinstance(piece.curve, CURVES)
    curve = {"type": piece.curve.type, **piece.curve.parameters()}
    steps = piece.end_step - piece.start_step
    return {"mode": "steps", "steps": steps, "target_multiplier": piece.target, "curve": curve}


def _jump(step: int, target: float, total_steps: int) -> dict[str, Any]:
    """A phase that ends where it starts: at a fraction of the run that d9d's floor and the exact one bring there."""
    fraction = step / total_steps
    while not _floors_agree(total_steps, fraction) or floor_fraction(total_steps, fraction) < step:
        fraction = math.nextafter(fraction, 2.0)
    return {"mode": "percentage", "percentage": fraction, "target_multiplier": target, "curve": {"type": "linear"}}

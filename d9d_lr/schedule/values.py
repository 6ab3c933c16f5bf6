"""A schedule as plain values: what a checkpoint holds, and what two runs compare.

How a phase's length was written is left out: a percentage and a number of steps that come to the same place are the
same schedule.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from d9d_lr.schedule.curves import CurveBase, CurveCosine, CurveExponential, CurveLinear, CurvePoly
from d9d_lr.schedule.phases import SchedulePhase
from d9d_lr.schedule.piecewise import Schedule


def to_plain(schedule: Schedule) -> dict[str, Any]:
    """Returns the resolved schedule as dictionaries, lists, numbers and text."""
    return {
        "initial_multiplier": float(schedule.initial_multiplier),
        "phases": [
            {
                "start_step": int(phase.start_step),
                "end_step": int(phase.end_step),
                "target_multiplier": float(phase.target_multiplier),
                "curve": curve_to_plain(phase.curve),
            }
            for phase in schedule.phases
        ],
    }


def from_plain(plain: Mapping[str, Any]) -> Schedule:
    """Rebuilds a schedule from `to_plain`.

    Raises:
        ValueError: If it holds a curve that is not one of the packaged ones.
    """
    phases: list[SchedulePhase] = []
    multiplier = float(plain["initial_multiplier"])
    for phase in plain["phases"]:
        target = float(phase["target_multiplier"])
        curve = curve_from_plain(phase["curve"])
        phases.append(SchedulePhase("steps", phase["start_step"], phase["end_step"], multiplier, target, curve))
        multiplier = target
    return Schedule(float(plain["initial_multiplier"]), tuple(phases))


def fingerprint(schedule: Schedule) -> str:
    """Returns a short hash that two schedules share exactly if they are the same function of the step."""
    return hashlib.sha256(json.dumps(to_plain(schedule), sort_keys=True).encode()).hexdigest()[:16]


def curve_to_plain(curve: CurveBase) -> dict[str, Any]:
    """Returns a curve's type and parameters."""
    match curve:
        case CurveLinear():
            return {"type": "linear"}
        case CurveCosine():
            return {"type": "cosine"}
        case CurvePoly(power):
            return {"type": "poly", "power": float(power)}
        case CurveExponential():
            return {"type": "exponential"}
        case _:
            return {"type": f"{type(curve).__module__}.{type(curve).__qualname__}", "repr": repr(curve)}


def curve_from_plain(plain: Mapping[str, Any]) -> CurveBase:
    """Rebuilds a curve from `curve_to_plain`.

    Raises:
        ValueError: If it is not one of the packaged curves.
    """
    match plain:
        case {"type": "linear"}:
            return CurveLinear()
        case {"type": "cosine"}:
            return CurveCosine()
        case {"type": "poly", "power": power}:
            return CurvePoly(power)
        case {"type": "exponential"}:
            return CurveExponential()
        case _:
            raise ValueError(f"the curve {plain['type']} is not a packaged one and cannot be rebuilt")

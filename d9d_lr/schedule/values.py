"""A schedule as plain values: what a checkpoint holds, and what two runs compare.

How a phase's length was written is left out: a percentage and a number of steps that come to the same place are the
same schedule.
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
from collections.abc import Mapping
from itertools import zip_longest
from typing import Any, get_args

from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import Curve
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase


def to_plain(schedule: Schedule) -> dict[str, Any]:
    """Returns the resolved schedule as dictionaries, lists, numbers and text."""
    ends = [schedule.initial_multiplier, *(phase.end_multiplier for phase in schedule.phases)]
    return {
        "initial_multiplier": float(schedule.initial_multiplier),
        "phases": [_phase_to_plain(phase, before) for phase, before in zip(schedule.phases, ends, strict=False)],
    }


def from_plain(plain: Mapping[str, Any]) -> Schedule:
    """Rebuilds a schedule from `to_plain`.

    Raises:
        ValueError: If it holds a curve that cannot be rebuilt.
    """
    phases: list[SchedulePhase] = []
    multiplier = float(plain["initial_multiplier"])
    for phase in plain["phases"]:
        multiplier = float(phase.get("start_multiplier", multiplier))
        target = float(phase["target_multiplier"])
        curve = curve_from_plain(phase["curve"])
        begin, end, span = phase["start_step"], phase["end_step"], phase.get("laid_over")
        laid_over = (span[0], span[1]) if span else None
        phases.append(SchedulePhase("steps", begin, end, multiplier, target, curve, laid_over))
        multiplier = phases[-1].end_multiplier
    return Schedule(float(plain["initial_multiplier"]), tuple(phases))


def fingerprint(schedule: Schedule) -> str:
    """Returns a short hash that two schedules share exactly if they are the same function of the step."""
    return hashlib.sha256(json.dumps(to_plain(schedule), sort_keys=True).encode()).hexdigest()[:16]


def _phase_to_plain(phase: SchedulePhase, before: float) -> dict[str, Any]:
    """Writes a phase; where it starts only if that is not where the one before it ended."""
    jump = {} if phase.start_multiplier == before else {"start_multiplier": float(phase.start_multiplier)}
    return {
        "start_step": phase.start_step,
        "end_step": phase.end_step,
        **jump,
        "target_multiplier": float(phase.target_multiplier),
        "curve": curve_to_plain(phase.curve),
        **({"laid_over": list(phase.laid_over)} if phase.laid_over else {}),
    }


def curve_to_plain(curve: CurveBase) -> dict[str, Any]:
    """Returns a curve's type, or the dotted path of its class where it is user-defined, and its parameters."""
    kind = {"type": curve.type} if isinstance(curve, Curve) else {"_target_": _dotted_path(type(curve))}
    return {**kind, **curve.parameters()}


def curve_from_plain(plain: Mapping[str, Any]) -> CurveBase:
    """Rebuilds a curve from `curve_to_plain`.

    Raises:
        ValueError: If there is no such curve, or a user-defined one cannot be imported or does not fit its class.
    """
    kind = plain.get("type") or plain["_target_"]
    parameters = {name: value for name, value in plain.items() if name not in ("type", "_target_")}
    packaged = next((member for member in get_args(Curve) if member.type == kind), None)
    try:
        member = packaged or pkgutil.resolve_name(kind)
        if not (isinstance(member, type) and issubclass(member, CurveBase)):  # a checkpoint may name anything
            raise TypeError("it is no class of curves")
        curve: CurveBase = member(**parameters)
    except (ImportError, AttributeError, TypeError, ValueError) as error:
        raise ValueError(f"the curve {kind} cannot be rebuilt: {error}") from error
    return curve


def _dotted_path(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns a line for everything in which two schedules, as `to_plain` gives them, differ."""
    lines = []
    if old["initial_multiplier"] != new["initial_multiplier"]:
        lines.append(f"initial multiplier {old['initial_multiplier']} -> {new['initial_multiplier']}")
    for index, (before, after) in enumerate(zip_longest(old["phases"], new["phases"])):
        if before != after:
            lines.append(f"phase {index}: {_phase(before)} -> {_phase(after)}")
    return lines


def _phase(phase: Mapping[str, Any] | None) -> str:
    if phase is None:
        return "none"
    curve = " ".join(str(value) for value in phase["curve"].values())
    start = f" from {phase['start_multiplier']}" if "start_multiplier" in phase else ""
    span = phase.get("laid_over")
    laid_over = f" laid over steps {span[0]} to {span[1]}" if span else ""
    moves = f"{curve}{start} to {phase['target_multiplier']}{laid_over}"
    return f"steps {phase['start_step']} to {phase['end_step']}, {moves}"

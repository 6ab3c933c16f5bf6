"""Telling two schedules apart, phase by phase, in words."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Returns a line for everything in which two schedules differ.

    Args:
        old: A schedule in the form of `portable.to_plain`.
        new: Another one.
    """
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

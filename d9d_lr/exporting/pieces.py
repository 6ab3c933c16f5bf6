"""A schedule as pieces that each lie over their own steps, for systems that know no more than that.

A curve that runs ahead of its phase, or is entered late or left early, has no piece of its own in general. Part of a
straight line is a straight line, part of an exponential an exponential; a cosine may begin in the hold before it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.curves import (
    LOG_FLOOR,
    CurveConstant,
    CurveCosine,
    CurveCosinePower,
    CurveExponential,
    CurveHalfLife,
    CurveKDecayCosine,
    CurveLinear,
    CurveOneMinusSqrt,
    CurvePoly,
    CurvePolynomialDecay,
)
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase


@dataclass(frozen=True)
class Piece:
    """A curve over the steps [start_step, end_step), from a multiplier to another; of no steps, a jump.

    Attributes:
        place: Where its phase is written, for errors.
        tends_to: What a curve of the steps tends to; the target for other curves.
    """

    start_step: int
    end_step: int
    start: float
    target: float
    curve: CurveBase
    place: str = ""
    tends_to: float | None = None

    @property
    def holds(self) -> bool:
        """Whether it stays at one level."""
        return self.start == self.target


def joined(pieces: Sequence[Piece]) -> list[Piece]:
    """Joins holds at one level that follow each other."""
    found: list[Piece] = []
    for piece in pieces:
        last = found[-1] if found else None
        level = last is not None and last.holds and piece.holds and last.target == piece.start
        if level and last is not None and last.end_step > last.start_step:
            found[-1] = replace(last, end_step=piece.end_step)
        else:
            found.append(piece)
    return found


def pieces_of(schedule: Schedule) -> tuple[list[Piece], list[Problem]]:
    """Returns a schedule in pieces, and what has none. Jumps between them are not yet pieces."""
    pieces: list[Piece] = []
    problems: list[Problem] = []
    for index, phase in enumerate(schedule.phases):
        place = f"phases.{phase.place or index}"
        found = [_with_plain_curve(replace(piece, place=place)) for piece in _pieces(phase, pieces)]
        if not found:
            problems.append(Problem(f"{place}.curve", _why_not(phase)))
        pieces += found
    return pieces, problems


def _pieces(phase: SchedulePhase, before: list[Piece]) -> Iterator[Piece]:
    start, end, curve = phase.start_step, phase.end_step, phase.curve
    if start == end or isinstance(curve, CurveConstant):
        yield Piece(start, end, phase.target_multiplier, phase.target_multiplier, CurveLinear())
    elif phase.laid_over is None or curve.by_steps:
        yield Piece(start, end, phase.multiplier(start), phase.end_multiplier, curve, tends_to=phase.target_multiplier)
    else:
        begin, stop = phase.laid_over
        arrived = min(end, stop)
        if _any_part(phase):
            yield Piece(start, arrived, phase.multiplier(start), phase.multiplier(arrived), curve)
        elif stop <= end and _begins_in_a_hold(begin, phase, before):
            if begin < start:
                before[-1] = replace(before[-1], end_step=begin)
            yield Piece(begin, arrived, phase.start_multiplier, phase.target_multiplier, curve)
        else:
            return
        if arrived < end:
            yield Piece(arrived, end, phase.target_multiplier, phase.target_multiplier, CurveLinear())


def _any_part(phase: SchedulePhase) -> bool:
    """Whether a part of the curve is a curve of its kind."""
    low = min(phase.start_multiplier, phase.target_multiplier)
    return isinstance(phase.curve, CurveLinear) or (isinstance(phase.curve, CurveExponential) and low >= LOG_FLOOR)


def _begins_in_a_hold(begin: int, phase: SchedulePhase, before: list[Piece]) -> bool:
    """Whether the steps before a phase, from where its curve begins, have its first value anyway."""
    if begin != phase.start_step - 1 or not before:
        return begin == phase.start_step
    last = before[-1]
    return last.start_step <= begin and last.start == last.target == phase.start_multiplier


def _with_plain_curve(piece: Piece) -> Piece:
    """Returns a piece with one of the four curves that every system has, where the formula is the same."""
    match piece.curve:
        case CurveOneMinusSqrt():
            return replace(piece, curve=CurvePoly(power=0.5))
        case CurvePolynomialDecay(power=1.0):
            return replace(piece, curve=CurveLinear())
        case CurveCosinePower(power=1.0) | CurveKDecayCosine(k=1.0):
            return replace(piece, curve=CurveCosine())
        case CurveHalfLife() if _is_exponential(piece):
            return replace(piece, curve=CurveExponential())
        case _:
            return piece


def _is_exponential(piece: Piece) -> bool:
    """Whether a half-life goes to 0: then what is left after n steps is start * 0.5^(n / steps)."""
    assert isinstance(piece.curve, CurveHalfLife)
    steps = piece.end_step - piece.start_step
    toward_zero = piece.start * 0.5 ** (steps / piece.curve.steps)
    return piece.target >= LOG_FLOOR and math.isclose(piece.target, toward_zero, rel_tol=1e-12)


def _why_not(phase: SchedulePhase) -> str:
    assert phase.laid_over is not None
    begin, end = phase.laid_over
    lies = f"its {phase.curve.label} lies over the steps {begin} to {end}, and the phase over {phase.start_step} to"
    return f"{lies} {phase.end_step}; a part of it is no {phase.curve.label}"

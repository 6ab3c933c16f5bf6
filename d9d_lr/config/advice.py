"""Advice on what is legal in a schedule but seldom meant. It is printed, and stops nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from d9d_lr.schedule.curves import LOG_FLOOR, CurveConstant, CurveExponential, CurveLinear
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase

Kind = Literal[
    "first_step_zero",
    "jump",
    "zero_steps",
    "long_warmup",
    "climbs_without_warmup",
    "hold_changes",
    "ends_early",
    "exponential_clamped",
    "final_above_peak",
    "negative",
]

LONG_WARMUP_FRACTION = 0.5
"""A warmup over more of the run than this is advised on."""

EARLY_END_FRACTION = 0.9
"""Phases that end before this fraction of the run are advised on."""


@dataclass(frozen=True)
class Advice:
    """One remark.

    Attributes:
        kind: What it is about.
        key: The key to look at, as it is typed.
        message: What the schedule does, with numbers.
        hint: What to type if it is not meant.
    """

    kind: Kind
    key: str
    message: str
    hint: str = ""

    def __str__(self) -> str:
        return f"advice: {self.key}: {self.message}" + (f" ({self.hint})" if self.hint else "")


def advice_for(schedule: Schedule, key: str = "lr", free_position: int | None = None) -> list[Advice]:
    """Returns what is worth a second look in a schedule.

    Args:
        schedule: The resolved schedule.
        key: What the section is called.
        free_position: Where a phase more could stand; None if it could not.
    """
    keyed = [(f"{key}.phases.{phase.place or index}", phase) for index, phase in enumerate(schedule.phases)]
    found = [
        *_first_step(schedule, key),
        *_start_without_warmup(keyed, key),
        *(advice for place, phase in keyed for advice in _phase(place, phase)),
        *_changing_holds(keyed),
        *_long_warmup(schedule, keyed),
        *_final_above_peak(keyed),
        *_early_end(schedule, key, free_position),
        *_negative(schedule, keyed, key),
    ]
    return list({(advice.kind, advice.key): advice for advice in reversed(found)}.values())[::-1]  # a cycle once


def without_defaults(found: Iterable[Advice], typed: Sequence[str]) -> list[Advice]:
    """Leaves out what the packaged presets do on purpose: step 0 learns nothing, unless that was typed."""
    start_typed = any("initial_multiplier" in override for override in typed)
    return [one for one in found if one.kind != "first_step_zero" or start_typed]


def _first_step(schedule: Schedule, key: str) -> Iterator[Advice]:
    if schedule.multiplier(0) != 0:
        return
    first = schedule.phases[0]
    length = first.end_step - first.start_step
    above = f"{key}.initial_multiplier={first.end_multiplier / length:.2g}" if length else ""
    hint = f"to start above 0, type {above}" if above else ""
    yield Advice("first_step_zero", f"{key}.initial_multiplier", "step 0 has learning rate 0 and learns nothing", hint)


def _start_without_warmup(keyed: Sequence[tuple[str, SchedulePhase]], key: str) -> Iterator[Advice]:
    """A position 0 that is empty, as after lr/warmup@lr.phases.0=none, leaves the initial multiplier behind."""
    place, first = keyed[0]
    if f"{place}.".startswith(f"{key}.phases.0.") or not _climbs(first):
        return
    message = (
        f"nothing is at position 0, so this phase climbs from {key}.initial_multiplier, {first.start_multiplier:g}, "
        f"to {first.end_multiplier:g} over {_count(first.end_step)}"
    )
    hint = f"to start at the base learning rate, type {key}.initial_multiplier=1.0"
    yield Advice("climbs_without_warmup", place, message, hint)


def _phase(key: str, phase: SchedulePhase) -> Iterator[Advice]:
    start, target, at = phase.start_multiplier, phase.end_multiplier, phase.start_step
    if at == phase.end_step:
        if start == target:
            yield Advice("zero_steps", key, f"lasts 0 steps, at step {at}, and changes nothing")
        else:
            yield Advice("jump", key, f"lasts 0 steps: the multiplier jumps from {start:g} to {target:g} at step {at}")
    elif isinstance(phase.curve, CurveExponential):
        ends = [("starts", start), ("ends", target)]
        low = " and ".join(f"{verb} at {value:g}" for verb, value in ends if value < LOG_FLOOR)
        if low:
            yield Advice(
                "exponential_clamped", f"{key}.curve", f"exponential, but {low}; {LOG_FLOOR:g} is used instead"
            )


def _changing_holds(keyed: Sequence[tuple[str, SchedulePhase]]) -> Iterator[Advice]:
    """A phase in the middle that goes on in the direction of the one before it, more slowly: a hold off its level."""
    for (_, before), (key, phase), (_, after) in zip(keyed, keyed[1:], keyed[2:], strict=False):
        start, target = phase.start_multiplier, phase.end_multiplier
        climbs_again = before.start_multiplier < start < target
        sinks_after_climb = before.start_multiplier < start and after.end_multiplier <= target < start
        straight = isinstance(phase.curve, CurveLinear)
        longer = phase.end_step - phase.start_step > before.end_step - before.start_step
        if straight and longer and (climbs_again or sinks_after_climb):
            message = f"between warmup and decay the multiplier moves from {start:g} to {target:g}"
            hint = f"to hold it, type {key}.target_multiplier={float(start)!r}"
            yield Advice("hold_changes", key, message, hint)


def _long_warmup(schedule: Schedule, keyed: Sequence[tuple[str, SchedulePhase]]) -> Iterator[Advice]:
    climb = _leading_climb(keyed)
    if schedule.total_steps is None or not climb:
        return
    end = climb[-1][1].end_step
    if end > LONG_WARMUP_FRACTION * schedule.total_steps:
        share = f"{end / schedule.total_steps:.0%} of the run"
        yield Advice("long_warmup", climb[-1][0], f"the multiplier climbs until step {end}, {share}")


def _final_above_peak(keyed: Sequence[tuple[str, SchedulePhase]]) -> Iterator[Advice]:
    key, last = keyed[-1]
    climb = _leading_climb(keyed)
    before = [keyed[0][1].start_multiplier, *(phase.end_multiplier for _, phase in keyed[:-1])]
    # A climb in several phases has its peak at its end; beyond the base learning rate it is more likely a slip.
    slip = len(climb) < len(keyed) or (len(keyed) > 1 and last.end_multiplier > 1)
    if last.end_multiplier > max(before) and len(keyed) > 1 and slip:
        message = f"the final multiplier, {last.end_multiplier:g}, is above the peak before it, {max(before):g}"
        yield Advice("final_above_peak", f"{key}.target_multiplier", message)


def _early_end(schedule: Schedule, key: str, free_position: int | None) -> Iterator[Advice]:
    last, total = schedule.phases[-1], schedule.total_steps
    if total is None or last.end_step >= EARLY_END_FRACTION * total:
        return
    message = f"the phases end at step {last.end_step} of {total}; the multiplier stays at {last.end_multiplier:g}"
    added = f"+lr/decay@{key}.phases.{free_position}=linear"
    hint = "" if free_position is None else f"to fill the rest, type {added}"
    yield Advice("ends_early", f"{key}.phases", message, hint)


def _negative(schedule: Schedule, keyed: Sequence[tuple[str, SchedulePhase]], section: str) -> Iterator[Advice]:
    values = [(f"{section}.initial_multiplier", schedule.initial_multiplier)]
    values += [(f"{key}.target_multiplier", phase.end_multiplier) for key, phase in keyed]
    for key, value in values:
        if value < 0:
            yield Advice("negative", key, f"{value:g} is negative: the optimizer would go uphill")


def _leading_climb(keyed: Sequence[tuple[str, SchedulePhase]]) -> list[tuple[str, SchedulePhase]]:
    climb: list[tuple[str, SchedulePhase]] = []
    for key, phase in keyed:
        if not _climbs(phase):
            break
        climb.append((key, phase))
    return climb


def _climbs(phase: SchedulePhase) -> bool:
    return phase.end_multiplier > phase.start_multiplier and not isinstance(phase.curve, CurveConstant)


def _count(steps: int) -> str:
    return "1 step" if steps == 1 else f"{steps} steps"

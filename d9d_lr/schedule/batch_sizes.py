"""A schedule of the batch size: a whole number of examples, the same throughout a phase."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.schedule.batch import BatchShares, whole_examples
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.phases import Phase, PhaseBeforeEnd
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.placed import SchedulePhase
from d9d_lr.schedule.units import BY_BATCH


@dataclass(frozen=True)
class BatchSizes:
    """The batch size of every step.

    Attributes:
        schedule: The share of a full batch, as a function of the step.
        full_batch: Examples of a full batch.
        unrounded: The shares of a published run that was laid over this one, before their steps were rounded.
    """

    schedule: Schedule
    full_batch: int
    unrounded: BatchShares | None = None

    def size(self, step: int) -> int:
        """Returns the examples of a step's batch."""
        return round(self.schedule.multiplier(step) * self.full_batch)

    def samples_before(self, step: int) -> int:
        """Returns how many examples the steps before `step` have."""
        return int(self.shares().full_steps(step) * self.full_batch)

    def counted_with(self) -> BatchShares:
        """Returns the shares that amounts of samples and tokens are counted with in other schedules of the run."""
        return self.unrounded or self.shares()

    def sizes(self) -> list[int]:
        """Returns every size that there is, in the order of the steps."""
        return [round(share * self.full_batch) for _, share in self.shares().pieces]

    def shares(self) -> BatchShares:
        """Returns the share of a full batch that each step has, exactly."""
        starts = [phase.start_step for phase in self.schedule.phases if phase.start_step < phase.end_step]
        starts.append(self.schedule.phases[-1].end_step)
        shares = BatchShares()
        for step in starts:
            share = Fraction(self.size(step), self.full_batch)
            shares = shares.then(step, share) if step == 0 or share != shares.pieces[-1][1] else shares
        return shares


def share_of(phase: Phase[CurveBase], full_batch: int) -> Fraction:
    """Returns the share of a full batch that a phase has."""
    assert phase.target_multiplier is not None, "values are multipliers by now"
    return Fraction(round(phase.target_multiplier * full_batch), full_batch)


def batch_problems(named: Sequence[tuple[str, Phase[CurveBase]]], full_batch: int) -> Iterator[Problem]:
    """Yields what no phase of a batch size can be: a part of an example, or counted from an end that it decides."""
    for name, phase in named:
        multiplier = phase.target_multiplier
        if multiplier is not None and whole_examples(multiplier, full_batch) is None:
            message = f"{multiplier:.6g} of {full_batch} examples are {multiplier * full_batch:.6g}"
            yield Problem(name, f"{message}; a batch must be a whole number of examples, from 1 on")
        if isinstance(phase, PhaseBeforeEnd) and phase.unit in BY_BATCH:
            message = f"the {phase.unit} of the whole run depend on this phase, so it cannot be counted from their end"
            yield Problem(f"{name}.{phase.unit}", message, "mode until counts from the start of the run")


def level_problems(phase: SchedulePhase, name: str, full_batch: int) -> Iterator[Problem]:
    """Yields that a batch size changes inside a phase."""
    steps = {phase.start_step, (phase.start_step + phase.end_step) // 2, phase.end_step - 1}
    wanted = round(phase.target_multiplier * full_batch)
    if phase.start_step < phase.end_step and any(
        whole_examples(phase.multiplier(step), full_batch) != wanted for step in steps
    ):
        message = f"a batch size is constant in each phase, and here it goes along a curve, {phase.curve}"
        yield Problem(f"{name}.curve.type", message, f"type {name}.curve.type=constant")

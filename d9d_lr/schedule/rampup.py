"""Megatron-LM's ramp of the batch size: three numbers, and the staircase that they stand for.

With n = (full - START) / INCREMENT stairs over SAMPLES examples, a step that comes after `consumed` of them has
START + int(consumed / (SAMPLES / n)) * INCREMENT, and the full batch beyond SAMPLES (megatron-core 0.16.1,
megatron/core/num_microbatches_calculator.py). So a stair ends with the step that reaches its examples.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar, Literal, Self

from d9d_lr.diagnostics.problems import Problem
from d9d_lr.schedule.fields import Checked, Steps
from d9d_lr.schedule.units import Units

MAX_STAIRS = 1000
"""Each is resolved to a phase of its own."""


@dataclass(frozen=True, kw_only=True)
class Rampup(Checked):
    """The staircase in a schedule of the batch size, from its first step to a full batch. The d9d framework has none.

    Attributes:
        rampup_batch_size: Megatron's `--rampup-batch-size`: START, INCREMENT and SAMPLES, all of them examples.
    """

    only_last: ClassVar[bool] = False
    length_field: ClassVar[str] = "rampup_batch_size"

    mode: Literal["rampup"] = "rampup"
    rampup_batch_size: tuple[Steps, Steps, Steps]

    def stairs(self, full_batch: int, last_step: int) -> Iterator[tuple[int, int]]:
        """Yields how many steps each size has below a full batch, in order; none of them after `last_step`."""
        start, increment, samples = self.rampup_batch_size
        count = (full_batch - start) // increment
        step = consumed = reached = 0
        while reached < count and step < last_step:
            size = start + reached * increment
            end = _first_beyond(reached, samples, count)
            steps = min(-((consumed - end) // size), last_step - step)
            yield steps, size
            step, consumed = step + steps, consumed + steps * size
            reached = _stair(consumed, samples, count)

    def refusal(self, full_batch: int) -> Problem | None:
        """Returns why the three numbers do not lead to a full batch; None if they do."""
        start, increment, _ = self.rampup_batch_size
        stairs = (full_batch - start) // increment
        if start > full_batch:
            message = f"begins with {start} examples, and a full batch has {full_batch}"
        elif (full_batch - start) % increment:
            below = full_batch - (full_batch - start) % increment
            message = (
                f"from {start} in stairs of {increment} it comes to {below} and {below + increment}, "
                f"and not to {full_batch}, a full batch"
            )
        elif stairs > MAX_STAIRS:
            message = f"from {start} to {full_batch} there are {stairs} stairs, and at most {MAX_STAIRS} are possible"
        else:
            return None
        return Problem(self.length_field, message)

    def needs(self) -> set[str]:
        """Returns the attributes of `Units` without which its end is not known: none."""
        return set()

    def written(self, units: Units) -> str:
        """Returns its length in the words of an error message."""
        return "this ramp"

    def in_multipliers(self, references: Mapping[str, float]) -> Self:
        """Returns it as it is: it has no levels of its own."""
        return self

    def levels_of(self, kind: str) -> list[str]:
        """Returns the fields that are written as a learning rate, or as a value: none."""
        return []

    def stretched(self, ratio: Fraction) -> Self:
        """Returns it as it is: its stairs are stretched, once it is known how many steps they have."""
        return self


def _stair(consumed: int, samples: int, count: int) -> int:
    """Returns which stair comes after some examples, in Megatron's own floating-point arithmetic."""
    return count if consumed > samples else int(consumed / (samples / count))


def _first_beyond(reached: int, samples: int, count: int) -> int:
    """Returns the fewest examples after which a stair is over."""
    found = max(0, (reached + 1) * samples // count - 8)  # where it would be exactly, and room for rounding
    while _stair(found, samples, count) <= reached:
        found += 1
    return found

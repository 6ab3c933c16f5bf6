"""A batch that changes its size in the run: what a number of steps does, and in how many steps an amount is done.

Everything is counted in steps of a full batch, exactly: a step with half of it is half a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

_ROUNDING = 1e-9  # relative: a multiplier is a quotient, rounded once


@dataclass(frozen=True)
class BatchShares:
    """Which share of a full batch each step has.

    Attributes:
        pieces: Steps in order, from 0, and the share from there on; the last one goes on for ever.
    """

    pieces: tuple[tuple[int | Fraction, Fraction], ...] = ((0, Fraction(1)),)

    def then(self, step: int | Fraction, share: Fraction) -> BatchShares:
        """Returns the shares with another one from `step` on."""
        return BatchShares((*(piece for piece in self.pieces if piece[0] < step), (step, share)))

    def since(self, step: int) -> BatchShares:
        """Returns the shares as they are counted from a step on."""
        at = max((index for index, (start, _) in enumerate(self.pieces) if start <= step), default=0)
        later = ((start - step, share) for start, share in self.pieces[at + 1 :])
        return BatchShares(((0, self.pieces[at][1]), *later))

    def full_steps(self, steps: int | Fraction) -> Fraction:
        """Returns how many steps of a full batch do what a number of steps does."""
        done = Fraction(0)
        for start, end, share in self._spans():
            if end is None or steps <= end:
                return done + share * (steps - start)
            done += share * (end - start)
        raise AssertionError("the last share has no end")

    def steps_for(self, full_steps: Fraction) -> Fraction:
        """Returns in how many steps is done what that many steps of a full batch do; it is not rounded."""
        left = full_steps
        for start, end, share in self._spans():
            if end is None or left <= share * (end - start):
                return start + left / share
            left -= share * (end - start)
        raise AssertionError("the last share has no end")

    def _spans(self) -> Iterator[tuple[int | Fraction, int | Fraction | None, Fraction]]:
        ends = [*(start for start, _ in self.pieces[1:]), None]
        for (start, share), end in zip(self.pieces, ends, strict=True):
            yield start, end, share


def whole_examples(multiplier: float, full_batch: int) -> int | None:
    """Returns how many examples a share of a full batch has; None where that is no whole number from 1 on."""
    wanted = multiplier * full_batch
    examples = round(wanted)
    return examples if examples >= 1 and abs(wanted - examples) <= _ROUNDING * examples else None

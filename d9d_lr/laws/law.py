"""A fitted law: its two fits, the runs that it was fitted on, and what it says of a schedule, with an error bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from d9d_lr.laws.footprint import FloatArray, Footprint, footprint
from d9d_lr.laws.limits import Limits
from d9d_lr.laws.momentum import Momentum
from d9d_lr.laws.multi_power import MultiPower

LEAST_ERROR = 0.003
"""Relative: no prediction is said to be better than this."""

WIDTH = 1.5
"""Half an interval in units of the error; nine of ten final losses lay inside on the families that it was set on."""

TOO_HIGH = 0.75
"""Where the best peak is below so much of the fitted one, the law is worth less."""

_LONGER = 0.01  # relative, for each doubling of the steps beyond those of the longest fitted run
_BEYOND_BEST_PEAK = 0.01  # relative, where the peak is too high


Form = MultiPower | Momentum
"""What a law may be: something that gives the loss at each step of a footprint."""


@dataclass(frozen=True)
class FittedRun:
    """A run that a law was fitted on.

    Attributes:
        name: What it is called.
        fingerprint: A hash of its learning rates and losses.
        total_steps: Its steps.
        warmup_steps: The first step at its peak.
        peak_lr: Its highest learning rate.
        final_loss: The validation loss at the end, or the mean of the last training losses where there is none.
        mean_error: The mean difference of the fitted curve from the points that were fitted, relative.
        end_error: How far the end lies above the law's, relative, with what all ends have in common taken off.
        disagreement: ln of the loss at its end by the fit that is used over that by the other.
    """

    name: str
    fingerprint: str
    total_steps: int
    warmup_steps: int
    peak_lr: float
    final_loss: float
    mean_error: float
    end_error: float
    disagreement: float


@dataclass(frozen=True)
class LeftOut:
    """What became of leaving a run out: the others were fitted and asked about its end.

    Attributes:
        name: The run.
        error: How far the prediction lay above what was measured, relative.
    """

    name: str
    error: float


@dataclass(frozen=True)
class Prediction:
    """What a law says of the end of a run.

    Attributes:
        loss: The predicted final loss: validation loss where the fitted runs have one, else training loss.
        half_width: Half the interval, in units of the loss.
        disagreement: ln of the narrow fit's loss over the wide fit's.
    """

    loss: float
    half_width: float
    disagreement: float

    @property
    def low(self) -> float:
        """The lower end of the interval."""
        return self.loss - self.half_width

    @property
    def high(self) -> float:
        """The upper end of the interval."""
        return self.loss + self.half_width


@dataclass(frozen=True)
class Law:
    """A law, fitted.

    Attributes:
        narrow: The fit that is used; of the multi-power law, the one with narrow priors.
        wide: Another fit, with wide priors or the next best lambda; where it says something else, nobody knows.
        exponent: q.
        reference_lr: The highest learning rate of the fitted runs.
        validation_offset: What is added to the training loss for the validation loss; None without validation losses.
        noise: How well the ends of the fitted runs are known beside each other, for their noise; relative.
        best_peak: The peak that the law likes best, in units of `reference_lr`; see `peak.best_peak`.
        limits: What the law can be asked about.
        runs: The fitted runs.
        left_out: What leaving each run out gave; empty for fewer than three runs.
    """

    narrow: Form
    wide: Form
    exponent: float
    reference_lr: float
    validation_offset: float | None
    noise: float
    best_peak: float
    limits: Limits
    runs: tuple[FittedRun, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def total_steps(self) -> int:
        """Steps of the longest fitted run."""
        return max(run.total_steps for run in self.runs)

    @property
    def warmup_steps(self) -> int:
        """Steps of warmup of the fitted runs, their median."""
        return int(np.median([run.warmup_steps for run in self.runs]))

    @property
    def peak_too_high(self) -> bool:
        """Whether the law itself says that a clearly lower peak is better."""
        return self.best_peak < TOO_HIGH

    @property
    def end_spread(self) -> float:
        """How far the ends of the fitted runs scatter about the law's, relative: a standard deviation."""
        return float(np.std([run.end_error for run in self.runs]))

    def footprint(self, learning_rates: FloatArray, steps: ArrayLike) -> Footprint:
        """Returns what the law sees of a schedule, given by its learning rates, from some steps."""
        return footprint(learning_rates, steps, reference_lr=self.reference_lr, exponent=self.exponent)

    def predict(self, learning_rates: FloatArray) -> Prediction:
        """Returns the final loss of a run with these learning rates.

        The error is the root of the sum of squares of the disagreement, twice the spread of the fitted ends, twice
        their noise, and `LEAST_ERROR`; a run longer than the fitted ones has a percent more for each doubling, and one
        at a peak that is too high a percent more.
        """
        seen = self.footprint(learning_rates, [len(learning_rates) - 1])
        narrow, wide = float(self.narrow.losses(seen)[0]), float(self.wide.losses(seen)[0])
        disagreement = float(np.log(narrow / wide))
        longer = _LONGER * max(0.0, float(np.log2(len(learning_rates) / self.total_steps)))
        error = self._error(disagreement) + longer
        error += _BEYOND_BEST_PEAK if self.peak_too_high else 0.0
        loss = narrow + (self.validation_offset or 0.0)
        return Prediction(loss, WIDTH * error * loss, disagreement)

    def training_losses(self, learning_rates: FloatArray, steps: ArrayLike) -> tuple[FloatArray, FloatArray]:
        """Returns the training loss at some steps by the narrow fit, and by the wide one."""
        seen = self.footprint(learning_rates, steps)
        return self.narrow.losses(seen), self.wide.losses(seen)

    def gap_error(self, one: Prediction, other: Prediction) -> float:
        """Returns how well the gap between two predictions is known, relative to the loss."""
        apart = one.disagreement - other.disagreement
        return self._error(apart)

    def _error(self, disagreement: float) -> float:
        parts = (disagreement, 2.0 * self.end_spread, 2.0 * self.noise, LEAST_ERROR)
        return float(np.sqrt(sum(part**2 for part in parts)))

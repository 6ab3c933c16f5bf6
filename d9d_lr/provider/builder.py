"""The fluent way to a schedule: `piecewise_schedule(0.0, 1000).for_steps(100, 1.0, CurveLinear()).build(optimizer)`."""

from __future__ import annotations

from typing import Self

from torch.optim import Optimizer

from d9d_lr.config.base import MAX_MULTIPLIER
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.provider.torch_scheduler import PiecewiseLR
from d9d_lr.schedule.curves import CurveBase
from d9d_lr.schedule.phases import FillRest, ForSteps, Length, PhaseSpec, UntilPercentage
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import resolve


class PiecewiseScheduleBuilder:
    """Collects phases; everything that does not fit is reported when the schedule is built."""

    def __init__(self, initial_multiplier: float, total_steps: int | None) -> None:
        _check_multiplier("initial_multiplier", initial_multiplier)
        self._initial_multiplier = initial_multiplier
        self._total_steps = total_steps
        self._specs: list[PhaseSpec] = []

    def for_steps(self, steps: int, target_multiplier: float, curve: CurveBase) -> Self:
        """Adds a phase of `steps` steps.

        Raises:
            ConfigError: If `steps` is not above 0, or the multiplier is not a finite number within +-1e100.
        """
        if isinstance(steps, bool) or not isinstance(steps, int) or steps <= 0:
            raise ConfigError([Problem("steps", f"{steps!r} is not allowed; it must be a whole number above 0")])
        return self._add(ForSteps(steps), target_multiplier, curve)

    def until_percentage(self, p: float, target_multiplier: float, curve: CurveBase) -> Self:
        """Adds a phase that lasts until step floor(total_steps * p), exact on the decimal as written.

        Raises:
            ConfigError: If `p` is not from 0.0 to 1.0, or the multiplier is not a finite number within +-1e100.
        """
        if not 0.0 <= p <= 1.0:
            raise ConfigError([Problem("percentage", f"{p!r} is not allowed; it must be from 0.0 to 1.0")])
        return self._add(UntilPercentage(p), target_multiplier, curve)

    def fill_rest(self, target_multiplier: float, curve: CurveBase) -> Self:
        """Adds the last phase, which lasts until `total_steps`.

        Raises:
            ConfigError: If the multiplier is not a finite number within +-1e100.
        """
        return self._add(FillRest(), target_multiplier, curve)

    def schedule(self) -> Schedule:
        """Returns the schedule itself, without an optimizer.

        Raises:
            ConfigError: With every reason why the phases do not fit.
        """
        return resolve(self._initial_multiplier, self._specs, self._total_steps)

    def build(self, optimizer: Optimizer) -> PiecewiseLR:
        """Returns a scheduler that sets the optimizer's learning rates, those of step 0 at once.

        Raises:
            ConfigError: With every reason why the phases do not fit.
        """
        return PiecewiseLR(optimizer, self.schedule())

    def _add(self, length: Length, target_multiplier: float, curve: CurveBase) -> Self:
        _check_multiplier("target_multiplier", target_multiplier)
        self._specs.append(PhaseSpec(length, target_multiplier, curve))
        return self


def piecewise_schedule(initial_multiplier: float, total_steps: int | None = None) -> PiecewiseScheduleBuilder:
    """Starts a schedule.

    Args:
        initial_multiplier: Multiplier at step 0.
        total_steps: Steps of the whole run; `until_percentage` and `fill_rest` need it.
    """
    return PiecewiseScheduleBuilder(initial_multiplier, total_steps)


def _check_multiplier(name: str, value: float) -> None:
    if not abs(value) <= MAX_MULTIPLIER:  # false for NaN too
        raise ConfigError(
            [Problem(name, f"{value!r} is not allowed; it must be a finite number within +-{MAX_MULTIPLIER}")]
        )

"""The fluent way to a schedule: `piecewise_schedule(0.0, 1000).for_steps(100, 1.0, CurveLinear()).build(optimizer)`."""

from __future__ import annotations

from dataclasses import fields
from typing import Self

from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.provider.torch_scheduler import PiecewiseLR
from d9d_lr.schedule.curve_base import CurveBase
from d9d_lr.schedule.fields import Multiplier, number_problems
from d9d_lr.schedule.phases import Phase, PhasePercentage, PhaseRest, PhaseSteps
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.schedule.resolve import resolve
from d9d_lr.schedule.units import Units


class PiecewiseScheduleBuilder:
    """Collects phases; everything that does not fit is reported when the schedule is built."""

    def __init__(self, initial_multiplier: float, total_steps: int | None) -> None:
        problems = number_problems("initial_multiplier", initial_multiplier, Multiplier)
        if problems:
            raise ConfigError(problems)
        self._initial_multiplier = initial_multiplier
        self._total_steps = total_steps
        self._phases: list[Phase[CurveBase]] = []

    def __repr__(self) -> str:
        phases = "".join(f", {_short(phase)}" for phase in self._phases)
        return f"PiecewiseScheduleBuilder({self._initial_multiplier}, {self._total_steps}{phases})"

    def for_steps(self, steps: int, target_multiplier: float, curve: CurveBase) -> Self:
        """Adds a phase of `steps` steps.

        Raises:
            ConfigError: If `steps` is not above 0, or the multiplier is not a finite number within +-1e100.
        """
        return self._add(PhaseSteps(steps=steps, target_multiplier=target_multiplier, curve=curve))

    def until_percentage(self, p: float, target_multiplier: float, curve: CurveBase) -> Self:
        """Adds a phase that lasts until step floor(total_steps * p), exact on the decimal as written.

        Raises:
            ConfigError: If `p` is not from 0.0 to 1.0, or the multiplier is not a finite number within +-1e100.
        """
        return self._add(PhasePercentage(percentage=p, target_multiplier=target_multiplier, curve=curve))

    def fill_rest(self, target_multiplier: float, curve: CurveBase) -> Self:
        """Adds the last phase, which lasts until `total_steps`.

        Raises:
            ConfigError: If the multiplier is not a finite number within +-1e100.
        """
        return self._add(PhaseRest(target_multiplier=target_multiplier, curve=curve))

    def schedule(self) -> Schedule:
        """Returns the schedule itself, without an optimizer.

        Raises:
            ConfigError: With every reason why the phases do not fit.
        """
        return resolve(self._initial_multiplier, self._phases, Units(total_steps=self._total_steps))

    def build(self, optimizer: Optimizer) -> PiecewiseLR:
        """Returns a scheduler that sets the optimizer's learning rates, those of step 0 at once.

        Raises:
            ConfigError: With every reason why the phases do not fit.
        """
        return PiecewiseLR(optimizer, self.schedule())

    def _add(self, phase: Phase[CurveBase]) -> Self:
        self._phases.append(phase)
        return self


def _short(phase: Phase[CurveBase]) -> str:
    """Returns a phase with the fields that are not their defaults."""
    values = {each.name: getattr(phase, each.name) for each in fields(phase)}
    given = {each.name: values[each.name] for each in fields(phase) if values[each.name] != each.default}
    return f"{type(phase).__name__}({', '.join(f'{name}={value!r}' for name, value in given.items())})"


def piecewise_schedule(initial_multiplier: float, total_steps: int | None = None) -> PiecewiseScheduleBuilder:
    """Starts a schedule.

    Args:
        initial_multiplier: Multiplier at step 0.
        total_steps: Steps of the whole run; `until_percentage` and `fill_rest` need it.
    """
    return PiecewiseScheduleBuilder(initial_multiplier, total_steps)

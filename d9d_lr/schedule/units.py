"""The units that lengths are written in, and how they are counted in steps.

Everything is exact: amounts are taken as the decimal that was written, and only the step at which a phase ends is
rounded, down to the last one that lies wholly inside the amount.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Annotated, Any, Literal, get_args

from annotated_types import Ge, Gt

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.fields import number

Unit = Literal["steps", "epochs", "samples", "tokens", "fraction"]
UNITS: tuple[Unit, ...] = get_args(Unit)

NEEDS: dict[Unit, str] = {
    "epochs": "steps_per_epoch",
    "samples": "samples_per_step",
    "tokens": "tokens_per_step",
    "fraction": "total_steps",
}
"""What has to be known before an amount of a unit is a number of steps."""

BY_BATCH = ("epochs", "samples", "tokens")
"""Of these a step does as much as its batch is large."""

UNIT_FIELDS = ("steps_per_epoch", "samples_per_epoch", "samples_per_step", "tokens_per_step", "tokens_per_sample")
"""What says how many steps an amount of epochs, samples or tokens is."""

_SUFFIXES = {"K": 10**3, "M": 10**6, "B": 10**9, "T": 10**12}
_WITH_SUFFIX = re.compile(r"(\d+(?:\.\d+)?)([KMBT])")


class Count:
    """Marks a number that may be written with K, M, B or T for thousands, millions, billions or trillions."""

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> dict[str, Any]:
        check = {"type": "no-info", "function": count}
        return {"type": "function-before", "function": check, "schema": handler(source)}

    def __get_pydantic_json_schema__(self, schema: Any, handler: Any) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "string", "pattern": f"^{_WITH_SUFFIX.pattern}$"}]}


def count(value: Any) -> Any:
    """Reads '1.2T' as 1 200 000 000 000; leaves numbers alone.

    Raises:
        WrongKindError: For booleans, and for text of another form.
    """
    found = _WITH_SUFFIX.fullmatch(value) if isinstance(value, str) else None
    if found:
        return float(Fraction(found[1]) * _SUFFIXES[found[2]])
    return number(value)


Amount = Annotated[float, Ge(0), Count()]
PerStep = Annotated[float, Gt(0), Count()]


@dataclass(frozen=True, kw_only=True)
class Units:
    """How far a run is after a number of steps, in every unit.

    Attributes:
        total_steps: Steps of the whole run.
        steps_per_epoch: Steps in which every example is seen once.
        samples_per_epoch: Examples that there are, in place of `steps_per_epoch`.
        samples_per_step: Examples of one step.
        tokens_per_step: Tokens of one step.
        tokens_per_sample: Tokens of one example, in place of `tokens_per_step`.
        batch: Which share of that each step has, where the batch changes its size.
        stretch: How many steps stand for one of the schedule as it is written; fractions of the run are not stretched.
    """

    total_steps: int | None = None
    steps_per_epoch: float | None = None
    samples_per_epoch: float | None = None
    samples_per_step: float | None = None
    tokens_per_step: float | None = None
    tokens_per_sample: float | None = None
    batch: BatchShares = field(default_factory=BatchShares)
    stretch: Fraction = Fraction(1)

    def knows(self, need: str) -> bool:
        """Whether one of the attributes is known, or follows from others."""
        if need == "tokens_per_step" and self.tokens_per_step is None:
            return self.samples_per_step is not None and self.tokens_per_sample is not None
        if need == "steps_per_epoch" and self.steps_per_epoch is None:
            return self.samples_per_step is not None and self.samples_per_epoch is not None
        return getattr(self, need) is not None

    def amount_after(self, unit: Unit, steps: int | Fraction) -> Fraction:
        """Returns what has been done after a number of steps."""
        done = self.batch.full_steps(steps) if unit in BY_BATCH else Fraction(steps)
        return done * self._per_step(unit)

    def steps_for(self, unit: Unit, amount: Fraction) -> Fraction:
        """Returns in how many steps an amount is done; a fraction of a step is not rounded."""
        steps = amount / self._per_step(unit)
        return self.batch.steps_for(steps) if unit in BY_BATCH else steps

    def batch_from(self, step: int, share: Fraction) -> Units:
        """Returns the units with another share of a full batch from `step` on."""
        return replace(self, batch=self.batch.then(step, share))

    def total(self, unit: Unit) -> Fraction:
        """Returns what the whole run does."""
        return self.amount_after(unit, self.run_steps())

    def run_steps(self) -> int:
        """Returns `total_steps`.

        Raises:
            ConfigError: If it is not known.
        """
        if self.total_steps is None:
            raise ConfigError([Problem("total_steps", "is missing")])
        return self.total_steps

    def _per_step(self, unit: Unit) -> Fraction:
        if unit == "fraction":
            return Fraction(1, self.run_steps())
        return self._as_written(unit) / self.stretch

    def _as_written(self, unit: Literal["steps", "epochs", "samples", "tokens"]) -> Fraction:
        match unit:
            case "steps":
                return Fraction(1)
            case "epochs" if self.steps_per_epoch is None:
                return self._known("samples_per_step") / self._known("samples_per_epoch")
            case "epochs":
                return 1 / self._known("steps_per_epoch")
            case "samples":
                return self._known("samples_per_step")
            case "tokens" if self.tokens_per_step is None:
                return self._known("samples_per_step") * self._known("tokens_per_sample")
            case "tokens":
                return self._known("tokens_per_step")

    def _known(self, name: str) -> Fraction:
        value = getattr(self, name)
        if value is None:
            raise ConfigError([Problem(name, "is missing")])
        return exact(value)


def amounts_given(part: Any) -> list[Unit]:
    """Returns the units in which a phase, or something else with a field for each unit, has an amount."""
    return [unit for unit in UNITS if getattr(part, unit) is not None]


def two_amounts(part: Any) -> Iterator[Problem]:
    """Returns what is wrong where there is more than one amount."""
    given = sorted(amounts_given(part), key=lambda unit: unit != "fraction")  # the packaged groups come with one
    for unit in given[:-1]:
        yield beside(unit, getattr(part, unit), given[-1], getattr(part, given[-1]))


def beside(name: str, value: float, other: str, other_value: float) -> Problem:
    """Returns the problem of two fields that exclude each other."""
    message = f"{value:.12g} stands beside {other}, {other_value:.12g}, and only one of them may"
    return Problem(name, message, f"type {name}=null")


def exact(number: float) -> Fraction:
    """Returns a number as the decimal that it is written as: 0.57 is 57/100, and not what its bits are."""
    return Fraction(repr(float(number)))


def floor_fraction(total_steps: int, percentage: float) -> int:
    """Returns floor(total_steps * percentage), exact on the decimal as written.

    0.57 of 10 000 is 5 700; the floating-point product is 5699.999... and would give 5 699.
    """
    return math.floor(total_steps * exact(percentage))

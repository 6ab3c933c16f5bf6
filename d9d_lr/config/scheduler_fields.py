"""What a piecewise schedule says of itself, validated: its phases, and what they are counted in and multiply."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Annotated, Any

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
    field_validator,
    model_serializer,
    model_validator,
)
from pydantic_core import PydanticCustomError

from d9d_lr.config.base import Base
from d9d_lr.config.curve_config import CurveConfig
from d9d_lr.config.positions import phase_list
from d9d_lr.schedule.fields import AboveZero, Checked, Multiplier, Steps
from d9d_lr.schedule.phases import Phase, PhaseBase
from d9d_lr.schedule.rampup import Rampup
from d9d_lr.schedule.repeat import Repeat
from d9d_lr.schedule.units import UNIT_FIELDS, Amount, PerStep


def _written(phase: Phase[Any] | Repeat | Rampup, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """Leaves out what says nothing, and keeps the order of the d9d framework: what all phases have comes last."""
    silent = {field.name: field.default for field in fields(phase) if field.name != "mode"}
    plain = {name: value for name, value in handler(phase).items() if value != silent.get(name)}
    common = [field.name for field in fields(PhaseBase)]
    order = ["mode", *(name for name in plain if name not in common), *common]
    return {name: plain[name] for name in dict.fromkeys(order) if name in plain}


PlainPhaseConfig = Annotated[Phase[CurveConfig], Field(discriminator="mode"), WrapSerializer(_written)]
"""A phase as it is written in a configuration: one of the classes of `schedule/phases.py`."""


@dataclass(frozen=True, kw_only=True)
class RepeatConfig(Repeat):
    """Cycles as they are written in a configuration; their phases may be a mapping from position."""

    phases: Annotated[list[PlainPhaseConfig], Field(min_length=1), BeforeValidator(phase_list)]


PhaseConfig = Annotated[
    Phase[CurveConfig] | RepeatConfig | Rampup, Field(discriminator="mode"), WrapSerializer(_written)
]
"""What stands in a list of phases: a phase, cycles of them, or a ramp of the batch size."""


_NEEDED_FOR = {
    "epochs": {"steps_per_epoch", "samples_per_epoch", "samples_per_step"},
    "samples": {"samples_per_step"},
    "tokens": {"tokens_per_step", "tokens_per_sample", "samples_per_step"},
    "published_tokens": {"tokens_per_step", "tokens_per_sample", "samples_per_step"},
    "target_lr": {"reference_lr"},
    "start_lr": {"reference_lr"},
    "target_value": {"reference_value"},
    "start_value": {"reference_value"},
}


SCHEDULES = "schedules"
"""The section of what else is scheduled than the learning rate."""

BATCH_SIZE = "batch_size"
"""The field of a schedule that comes with its own batch sizes, and the name of theirs among the others of a run."""

_SHARED = (*UNIT_FIELDS, "published_steps", "published_tokens", "stretch")
"""What the batch sizes of a schedule have in common with it, unless they say otherwise."""


class SchedulerFields(Base):
    """A piecewise schedule as it is written: the fields of `PiecewiseSchedulerConfig`.

    Attributes:
        initial_multiplier: Multiplier at step 0.
        phases: The phases in order. A mapping from position to phase is accepted too, and may have holes.
        reference_lr: The learning rate that the multipliers multiply, for phases that give learning rates.
        reference_value: The same for another hyperparameter that is scheduled: the value that the multipliers multiply.
        steps_per_epoch: Steps in which every example is seen once, for phases in epochs.
        samples_per_epoch: Examples that there are, which with `samples_per_step` stands in for `steps_per_epoch`.
        samples_per_step: Examples of one step, for phases in samples.
        tokens_per_step: Tokens of one step, for phases in tokens.
        tokens_per_sample: Tokens of one example, which with `samples_per_step` stands in for `tokens_per_step`.
        published_steps: The length of the run that the schedule is published with; another one is refused.
        published_tokens: The same in tokens.
        peak_lr: The peak that it is published with, for phases that give learning rates.
        stretch: Lays the shape of a published schedule over the run at hand, its peak at the base learning rate. A
            schedule without a published length is one for every length already.
        batch_size: The batch sizes that the schedule is published with, a schedule of their own: multipliers of a full
            batch. Its phases are counted with them.

    What no phase needs of a batch's size and of the references is left out: a schedule in steps is the same for any.
    """

    initial_multiplier: Multiplier
    phases: Annotated[list[PhaseConfig], Field(min_length=1), BeforeValidator(phase_list)]
    reference_lr: AboveZero | None = None
    reference_value: AboveZero | None = None
    steps_per_epoch: PerStep | None = None
    samples_per_epoch: PerStep | None = None
    samples_per_step: PerStep | None = None
    tokens_per_step: PerStep | None = None
    tokens_per_sample: PerStep | None = None
    published_steps: Steps | None = None
    published_tokens: Amount | None = None
    peak_lr: AboveZero | None = None
    stretch: bool = False
    batch_size: SchedulerFields | None = None

    @model_validator(mode="before")
    @classmethod
    def _what_is_needed(cls, data: Any) -> Any:
        if not isinstance(data, Mapping) or not isinstance(data.get("phases"), Mapping | list | tuple):
            return data
        given = fields_set(data)
        needed = {need for name in given & _NEEDED_FOR.keys() for need in _NEEDED_FOR[name]}
        unneeded = {"reference_lr", "reference_value", *UNIT_FIELDS} - needed
        found = {name: value for name, value in data.items() if name not in unneeded}
        ramp = data.get(BATCH_SIZE)
        return found | {BATCH_SIZE: sharing(ramp, data)} if isinstance(ramp, Mapping) else found

    @model_serializer(mode="wrap")
    def _what_is_set(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in handler(self).items() if value is not None and value is not False}

    @field_validator(BATCH_SIZE)
    @classmethod
    def _has_none_of_its_own(cls, ramp: SchedulerFields | None) -> SchedulerFields | None:
        if ramp is not None and ramp.batch_size is not None:
            raise ValueError("a batch size has no batch size of its own")
        return ramp

    @field_validator("phases")
    @classmethod
    def _rest_is_last(cls, phases: list[PhaseConfig]) -> list[PhaseConfig]:
        early = [index for index, phase in enumerate(phases[:-1]) if phase.only_last]
        if early:
            raise PydanticCustomError(
                "rest_not_last",
                "phase {number} of {count} has {mode}; only the last one may",
                {
                    "index": early[0],
                    "field": "mode",
                    "number": early[0] + 1,
                    "count": len(phases),
                    "mode": "mode rest" if phases[early[0]].mode == "rest" else "cycles that last to the end",
                },
            )
        return phases

    def __repr__(self) -> str:
        written = ", ".join(f"{name}={value!r}" for name, value in self.model_dump().items())
        return f"{type(self).__name__}({written})"


def sharing(ramp: Mapping[Any, Any], schedule: Mapping[Any, Any]) -> dict[Any, Any]:
    """Returns the batch sizes of a schedule with what they have in common with it and are silent about."""
    shared = {name: schedule[name] for name in _SHARED if schedule.get(name) is not None and ramp.get(name) is None}
    return {**ramp, **shared}


def fields_set(section: Mapping[Any, Any]) -> set[Any]:
    """Returns the fields that a schedule, as it is written, or one of its phases sets."""
    phases = section.get("phases")
    members = phases.values() if isinstance(phases, Mapping) else phases if isinstance(phases, list | tuple) else ()
    own = {name for name, value in section.items() if value is not None}
    return own.union(*(fields_set(_fields_of(phase)) for phase in members))


def _fields_of(phase: Any) -> Mapping[Any, Any]:
    return phase if isinstance(phase, Mapping) else vars(phase) if isinstance(phase, Checked) else {}

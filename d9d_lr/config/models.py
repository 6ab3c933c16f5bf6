"""The validated, frozen form of a schedule: what lies beyond the compose boundary.

The nested JSON form is the one that the d9d framework's own `PiecewiseConfig` reads; the flat form, without `name` and
`scheduler`, is accepted too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import (
    BeforeValidator,
    Field,
    SerializerFunctionWrapHandler,
    WrapSerializer,
    WrapValidator,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from d9d_lr.config.base import Base
from d9d_lr.config.positions import phase_list
from d9d_lr.config.user_curves import read_curve, write_curve
from d9d_lr.schedule.curves import Curve
from d9d_lr.schedule.fields import Multiplier
from d9d_lr.schedule.phases import Phase, PhaseBase

CurveConfig = TypeAliasType(
    "CurveConfig", Annotated[Curve, Field(discriminator="type"), WrapValidator(read_curve), WrapSerializer(write_curve)]
)
"""A curve as it is written in a configuration: one of the classes of `schedule/curves.py`, or a user-defined one."""

_SAYS_NOTHING = {"ahead_steps": 0, "curve_from": None, "curve_until": None}
"""Fields that the d9d framework does not have, with the values that are left out."""


def _written(phase: Phase[Any], handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
    """Writes the fields of the mode first and those that all phases have after them, as d9d does."""
    plain = handler(phase)
    common = [field.name for field in fields(PhaseBase)]
    order = [*(name for name in plain if name not in common), *common]
    return {name: plain[name] for name in order if plain[name] != _SAYS_NOTHING.get(name, ...)}


PhaseConfig = Annotated[Phase[CurveConfig], Field(discriminator="mode"), WrapSerializer(_written)]
"""A phase as it is written in a configuration: one of the classes of `schedule/phases.py`."""


class PiecewiseSchedulerConfig(Base):
    """A piecewise schedule.

    Attributes:
        initial_multiplier: Multiplier at step 0.
        phases: The phases in order. A mapping from position to phase is accepted too, and may have holes.
    """

    initial_multiplier: Multiplier
    phases: Annotated[list[PhaseConfig], Field(min_length=1), BeforeValidator(phase_list)]

    @field_validator("phases")
    @classmethod
    def _rest_is_last(cls, phases: list[PhaseConfig]) -> list[PhaseConfig]:
        early = [index for index, phase in enumerate(phases[:-1]) if phase.only_last]
        if early:
            raise PydanticCustomError(
                "rest_not_last",
                "phase {number} of {count} has mode rest; only the last one may",
                {"index": early[0], "field": "mode", "number": early[0] + 1, "count": len(phases)},
            )
        return phases


class PiecewiseConfig(Base):
    """The piecewise scheduler, as one member of `AutoLRSchedulerConfig`.

    Attributes:
        name: Always "piecewise".
        scheduler: The schedule.
    """

    name: Literal["piecewise"] = "piecewise"
    scheduler: PiecewiseSchedulerConfig

    @model_validator(mode="before")
    @classmethod
    def _nest(cls, data: Any) -> Any:
        """Accepts the flat form: a schedule that is not wrapped in `scheduler`."""
        if not isinstance(data, Mapping) or "scheduler" in data:
            return data
        nested = {"scheduler": {key: value for key, value in data.items() if key != "name"}}
        return {"name": data["name"], **nested} if "name" in data else nested

    def __reduce__(self) -> tuple[Callable[[str], PiecewiseConfig], tuple[str]]:
        """Pickles as its JSON, so that torch's safe loader, which builds no models, can read it."""
        return config_from_json, (self.model_dump_json(),)


def config_from_json(text: str) -> PiecewiseConfig:
    """Returns the config that was pickled."""
    return PiecewiseConfig.model_validate_json(text)


AutoLRSchedulerConfig: TypeAlias = PiecewiseConfig
"""The union of the scheduler configs, told apart by `name`. It has one member today."""

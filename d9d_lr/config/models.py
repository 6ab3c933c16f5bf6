"""The validated, frozen form of a schedule: what lies beyond the compose boundary.

The nested JSON form is the one that the d9d framework's own `PiecewiseConfig` reads; the flat form, without `name` and
`scheduler`, is accepted too.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from d9d_lr.config.base import NUMBER, Base, Multiplier
from d9d_lr.config.positions import phase_list
from d9d_lr.schedule.phases import MAX_STEPS


class CurveLinearConfig(Base):
    """A straight line."""

    type: Literal["linear"] = "linear"


class CurveCosineConfig(Base):
    """Half a period of a cosine."""

    type: Literal["cosine"] = "cosine"


class CurvePolyConfig(Base):
    """A power of the progress; 1 is linear.

    Attributes:
        power: The exponent, above 0.
    """

    type: Literal["poly"] = "poly"
    power: Annotated[float, Field(gt=0), NUMBER] = 2.0


class CurveExponentialConfig(Base):
    """A straight line in log space, from and to at least 1e-8."""

    type: Literal["exponential"] = "exponential"


CurveConfig = Annotated[
    CurveLinearConfig | CurveCosineConfig | CurvePolyConfig | CurveExponentialConfig, Field(discriminator="type")
]


class StepPhaseConfig(Base):
    """A phase that lasts a number of steps.

    Attributes:
        steps: Its length in steps, above 0.
        target_multiplier: Multiplier at its end.
        curve: How the multiplier gets there.
    """

    mode: Literal["steps"] = "steps"
    steps: Annotated[int, Field(gt=0, le=MAX_STEPS), NUMBER]
    target_multiplier: Multiplier
    curve: CurveConfig


class PercentagePhaseConfig(Base):
    """A phase that lasts until a fraction of the run.

    Attributes:
        percentage: Where it ends, as a fraction of `total_steps`, 0.0 to 1.0.
        target_multiplier: Multiplier at its end.
        curve: How the multiplier gets there.
    """

    mode: Literal["percentage"] = "percentage"
    percentage: Annotated[float, Field(ge=0.0, le=1.0), NUMBER]
    target_multiplier: Multiplier
    curve: CurveConfig


class RestPhaseConfig(Base):
    """A phase that lasts until the end of the run; only the last phase may be one.

    Attributes:
        target_multiplier: Multiplier at the end of the run.
        curve: How the multiplier gets there.
    """

    mode: Literal["rest"] = "rest"
    target_multiplier: Multiplier
    curve: CurveConfig


PhaseConfig = Annotated[StepPhaseConfig | PercentagePhaseConfig | RestPhaseConfig, Field(discriminator="mode")]


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
        early = [index for index, phase in enumerate(phases[:-1]) if phase.mode == "rest"]
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


AutoLRSchedulerConfig: TypeAlias = PiecewiseConfig
"""The union of the scheduler configs, told apart by `name`. It has one member today."""

"""What every validated config is made of: the frozen base, and numbers that are numbers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

MAX_MULTIPLIER = 1e100
"""Multipliers stay within this, so that the difference of two of them is finite."""


class Base(BaseModel):
    """The base of every config model: unknown keys and non-finite numbers are errors, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def _number(value: Any) -> Any:
    """Refuses what Pydantic would quietly turn into a number: booleans and text."""
    if isinstance(value, bool | str | bytes):
        raise PydanticCustomError("no_number", "{value} is not a number", {"value": repr(value)})
    return value


NUMBER = BeforeValidator(_number)
"""Stands last, after the limits, so that those are part of the JSON schema."""

Multiplier = Annotated[float, Field(ge=-MAX_MULTIPLIER, le=MAX_MULTIPLIER), NUMBER]
Positive = Annotated[int, Field(gt=0), NUMBER]
Fraction = Annotated[float, Field(ge=0.0, lt=1.0), NUMBER]

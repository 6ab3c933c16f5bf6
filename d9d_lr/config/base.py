"""What every validated config is made of: the frozen base, and numbers with limits."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from d9d_lr.schedule.fields import NUMBER


class Base(BaseModel):
    """The base of every config model: unknown keys and non-finite numbers are errors, and nothing changes later."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


Positive = Annotated[int, Field(gt=0), NUMBER]
Fraction = Annotated[float, Field(ge=0.0, lt=1.0), NUMBER]

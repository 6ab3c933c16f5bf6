"""The settings of the packaged optimizers."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from d9d_lr.config.base import Base, Fraction
from d9d_lr.schedule.fields import NUMBER


class ParamGroupConfig(Base):
    """A param group of an optimizer.

    Attributes:
        parameters: Shell patterns of the names of its parameters, such as `head.*`.
        lr: Its base learning rate; None takes the optimizer's.
        weight_decay: Its weight decay; None takes the optimizer's.
    """

    parameters: Annotated[list[str], Field(min_length=1)]
    lr: Annotated[float, Field(ge=0), NUMBER] | None = None
    weight_decay: Annotated[float, Field(ge=0), NUMBER] | None = None

    def bases(self) -> dict[str, float]:
        """Returns what it has to itself, by hyperparameter."""
        own = {"lr": self.lr, "weight_decay": self.weight_decay}
        return {name: value for name, value in own.items() if value is not None}


ParamGroups = Annotated[dict[str, ParamGroupConfig], Field(default_factory=dict)]


class AdamWConfig(Base):
    """`torch.optim.AdamW` (arXiv:1711.05101).

    Attributes:
        lr: Base learning rate; the schedule multiplies it.
        betas: Decay rates of the running averages, each from 0 to below 1.
        weight_decay: Decoupled weight decay, at least 0.
        groups: Param groups by name, for parameters with a base or a schedule of their own.
    """

    name: Literal["adamw"]
    lr: Annotated[float, Field(ge=0), NUMBER]
    betas: tuple[Fraction, Fraction]
    weight_decay: Annotated[float, Field(ge=0), NUMBER]
    groups: ParamGroups


class SGDConfig(Base):
    """`torch.optim.SGD` with momentum.

    Attributes:
        lr: Base learning rate; the schedule multiplies it.
        momentum: Momentum, from 0 to below 1.
        weight_decay: L2 penalty, at least 0.
        nesterov: Whether to use Nesterov momentum, which needs a momentum above 0.
        groups: Param groups by name, for parameters with a base or a schedule of their own.
    """

    name: Literal["sgd"]
    lr: Annotated[float, Field(ge=0), NUMBER]
    momentum: Fraction
    weight_decay: Annotated[float, Field(ge=0), NUMBER]
    nesterov: bool
    groups: ParamGroups

    @field_validator("nesterov")
    @classmethod
    def _has_momentum(cls, nesterov: bool, info: ValidationInfo) -> bool:
        if nesterov and info.data.get("momentum") == 0:
            raise ValueError("Nesterov momentum needs a momentum above 0, and optimizer.momentum is 0")
        return nesterov


OptimizerConfig = Annotated[AdamWConfig | SGDConfig, Field(discriminator="name")]

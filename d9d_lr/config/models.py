"""The validated, frozen form of a schedule: what lies beyond the compose boundary.

The nested JSON form is the one that the d9d framework's own `PiecewiseConfig` reads; the flat form, without `name` and
`scheduler`, is accepted too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeAlias

from pydantic import model_validator

from d9d_lr.config.base import Base
from d9d_lr.config.build import config_html
from d9d_lr.config.scheduler_fields import BATCH_SIZE, SchedulerFields


class PiecewiseSchedulerConfig(SchedulerFields):
    """A piecewise schedule; `SchedulerFields` says what its fields mean."""

    def _repr_html_(self) -> str:
        return PiecewiseConfig(scheduler=self)._repr_html_()


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

    @property
    def ramp(self) -> PiecewiseConfig | None:
        """The batch sizes that the schedule comes with, as a config of their own."""
        return None if self.scheduler.batch_size is None else config_of(self.scheduler.batch_size)

    def without_ramp(self) -> PiecewiseConfig:
        """Returns the schedule without the batch sizes that it comes with."""
        if self.scheduler.batch_size is None:
            return self
        return self.model_copy(update={"scheduler": self.scheduler.model_copy(update={BATCH_SIZE: None})})

    def with_ramp(self, ramp: PiecewiseConfig) -> PiecewiseConfig:
        """Returns the schedule with other batch sizes."""
        fields = SchedulerFields.model_validate(dict(ramp.scheduler))
        return self.model_copy(update={"scheduler": self.scheduler.model_copy(update={BATCH_SIZE: fields})})

    def __reduce__(self) -> tuple[Callable[[str], PiecewiseConfig], tuple[str]]:
        """Pickles as its JSON, so that torch's safe loader, which builds no models, can read it."""
        return config_from_json, (self.model_dump_json(),)

    def _repr_html_(self) -> str:
        return config_html(self.scheduler, type(self).__name__)


def config_of(fields: SchedulerFields) -> PiecewiseConfig:
    """Returns a schedule that is part of another one, such as its batch sizes, as a config of its own."""
    return PiecewiseConfig(scheduler=PiecewiseSchedulerConfig.model_validate(dict(fields)))


def config_from_json(text: str) -> PiecewiseConfig:
    """Returns the config that was pickled."""
    return PiecewiseConfig.model_validate_json(text)


AutoLRSchedulerConfig: TypeAlias = PiecewiseConfig
"""The union of the scheduler configs, discriminated by `name`. It has one member today."""

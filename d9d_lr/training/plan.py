"""The schedules that a run follows, with what they multiply: everything that decides the value of every step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydantic import Field

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.base import Base
from d9d_lr.config.batch_sizes import build_batch_sizes
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.scheduler_fields import BATCH_SIZE
from d9d_lr.config.schedules import split_name
from d9d_lr.schedule import values as portable
from d9d_lr.schedule.batch import BatchShares
from d9d_lr.schedule.batch_sizes import BatchSizes
from d9d_lr.schedule.piecewise import Schedule
from d9d_lr.training.fingerprint import digest, essential
from d9d_lr.training.scheduled import base_values
from d9d_lr.training.settings import Settings


class SchedulePlan(Base):
    """Everything that decides the learning rate of every step, and whatever else is scheduled.

    Attributes:
        lr: The schedule, or a user-defined provider.
        total_steps: Steps of the run that it was made for.
        base_lr: The learning rate that it multiplies; None where the optimizer's own default is taken.
        schedules: What else is scheduled, by name.
        base_values: What those multiply, by hyperparameter, the batch size included, as far as the settings say.
    """

    lr: PiecewiseConfig | TargetConfig
    total_steps: int
    base_lr: float | None
    schedules: dict[str, PiecewiseConfig] = Field(default_factory=dict)
    base_values: dict[str, float] = Field(default_factory=dict)

    @property
    def full_batch(self) -> int | None:
        """Examples of a full batch, where the batch size is scheduled."""
        size = self.base_values.get(BATCH_SIZE)
        return None if size is None else int(size)

    def schedule(self, positions: Sequence[str] | None = None) -> Schedule | None:
        """Returns the resolved schedule; None for a user-defined provider.

        Args:
            positions: What each phase is called; its index by default.
        """
        if not isinstance(self.lr, PiecewiseConfig):
            return None
        return build_schedule(self.lr, self.total_steps, positions=positions, batch=self._shares())

    def others(self, positions: Mapping[str, Sequence[str]] | None = None) -> dict[str, Schedule]:
        """Returns what else is scheduled, resolved, by name; the batch size as a multiplier of a full one.

        Args:
            positions: What the phases of each are called, by name; their indices by default.
        """
        if not self.schedules:
            return {}
        places, shares = positions or {}, self._shares()
        batch = self.batch_sizes(places.get(BATCH_SIZE))
        found = {
            name: build_schedule(config, self.total_steps, positions=places.get(name), batch=shares)
            for name, config in self.schedules.items()
            if name != BATCH_SIZE
        }
        return found if batch is None else {**found, BATCH_SIZE: batch.schedule}

    def batch_sizes(self, positions: Sequence[str] | None = None) -> BatchSizes | None:
        """Returns the batch size of every step; None where it is not scheduled."""
        config = self.schedules.get(BATCH_SIZE)
        if config is None or self.full_batch is None:
            return None
        return build_batch_sizes(config, self.total_steps, self.full_batch, positions=positions)

    def bases(self) -> dict[str, list[float | None]]:
        """Returns what the others multiply, as a scheduler's state has it."""
        return {"lr": [self.base_lr]} | {name: [value] for name, value in self.base_values.items()}

    def base_of(self, name: str) -> float | None:
        """Returns what a schedule multiplies: what its param group has to itself, or what the optimizer has."""
        bases = self.bases()
        return next(iter(bases.get(name, bases.get(split_name(name)[1], [None]))))

    def fingerprint(self) -> str:
        """Returns a short hash of everything that is scheduled, and what it multiplies but for the learning rate."""
        others = {name: portable.fingerprint(one) for name, one in self.others().items()}
        own = self.lr_fingerprint()
        return digest([own, others, self.base_values]) if others or self.base_values else own

    def lr_fingerprint(self) -> str:
        """Returns a short hash of the multipliers: of the resolved schedule, or of what a provider is given."""
        schedule = self.schedule()
        if schedule is not None:
            return portable.fingerprint(schedule)
        return digest([essential(self.lr), self.total_steps])

    def _shares(self) -> BatchShares | None:
        batch = self.batch_sizes()
        return None if batch is None else batch.counted_with()


def all_schedules(settings: Settings) -> dict[str, PiecewiseConfig]:
    """Returns what is scheduled beside the learning rate, by name: the batch sizes that it comes with among them."""
    ramp = None if isinstance(settings.lr, TargetConfig) else settings.lr.ramp
    return settings.schedules if ramp is None else {**settings.schedules, BATCH_SIZE: ramp}


def planned(settings: Settings) -> SchedulePlan:
    """Returns the plan that the settings describe."""
    optimizer = settings.optimizer
    base_lr = optimizer.arguments.get("lr") if isinstance(optimizer, TargetConfig) else optimizer.lr
    bases = {**base_values(optimizer), BATCH_SIZE: float(settings.train.batch_size)}
    schedules = all_schedules(settings)
    scheduled = {split_name(name)[1] for name in schedules}
    of_groups = {"lr", *scheduled}
    return SchedulePlan(
        lr=settings.lr if isinstance(settings.lr, TargetConfig) else settings.lr.without_ramp(),
        total_steps=settings.train.total_steps,
        base_lr=base_lr,
        schedules=schedules,
        base_values={
            name: value
            for name, value in bases.items()
            if name in scheduled or (split_name(name)[0] and split_name(name)[1] in of_groups)
        },
    )

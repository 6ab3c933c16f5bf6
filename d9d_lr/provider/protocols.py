"""What a scheduler and a provider of schedulers look like to code that uses them."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from d9d_lr.provider.context import InitializeLRSchedulerContext


@runtime_checkable
class LRSchedulerProtocol(Protocol):
    """A learning-rate scheduler."""

    def step(self) -> None:
        """Advances by one step and sets the learning rates of the next one."""
        ...

    def state_dict(self) -> dict[str, Any]:
        """Returns what `load_state_dict` needs to go on from here."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Goes on from a saved state."""
        ...


@runtime_checkable
class LRSchedulerProvider(Protocol):
    """Builds a scheduler for each optimizer it is given; the schedulers are independent of one another."""

    def __call__(self, context: InitializeLRSchedulerContext) -> LRSchedulerProtocol:
        """Returns a new scheduler, with the learning rates of step 0 set."""
        ...


class Multipliers(Protocol):
    """What a `Schedule` is here: a pure function of the step."""

    def multipliers(self, steps: ArrayLike) -> NDArray[np.float64]:
        """Returns what the learning rates are multiplied by, for each of many steps."""
        ...


@runtime_checkable
class ScheduledProvider(LRSchedulerProvider, Protocol):
    """A provider that also says what its schedulers do, so that runs which agree in it can share steps."""

    def schedule(self, total_steps: int) -> Multipliers | None:
        """Returns what a scheduler does in a run of some length, if that is all that decides what it does.

        Two runs count as the same for as long as these agree as bits. So a scheduler must depend on the step alone, and
        change nothing but learning rates.

        Returns:
            None if it does something else.
        """
        ...

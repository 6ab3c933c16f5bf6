"""What a scheduler and a provider of schedulers look like to code that uses them."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

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

"""Drawing any torch scheduler: it is run without training, and what it set is drawn."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.plotting.figure import check_ending, new_axes, save
from d9d_lr.plotting.palette import COLORS
from d9d_lr.schedule.piecewise import Schedule

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from torch.optim import Optimizer

    from d9d_lr.provider.auto import AutoLRSchedulerProvider
    from d9d_lr.provider.torch_scheduler import PiecewiseLR


Scheduled: TypeAlias = "Callable[[Optimizer], Any] | Schedule | PiecewiseConfig | AutoLRSchedulerProvider | PiecewiseLR"

_LENGTH = 1000  # steps, where no length is known


def visualize_lr_scheduler(
    scheduled: Scheduled, num_steps: int | None = None, init_lr: float = 1.0, out: str | Path | None = None
) -> Figure:
    """Draws the learning rate that a scheduler sets for each of `num_steps` steps.

    Args:
        scheduled: What builds a scheduler for the optimizer it is given, any object with `step()`; or a schedule, a
            config, a provider or a scheduler of this package.
        num_steps: Steps to draw, at least 1; by default those of the schedule's run, or 1000.
        init_lr: The optimizer's learning rate, finite.
        out: A .png, .svg or .pdf file to write, if given.

    Returns:
        The matplotlib figure; a notebook shows it.

    Raises:
        ConfigError: If `num_steps` is below 1, `init_lr` is not finite, `out` has another ending, or `scheduled` is
            none of these.
        RunError: If matplotlib is not installed, or the file cannot be written.
    """
    if out is not None:
        check_ending(Path(out))
    schedule = getattr(scheduled, "schedule", scheduled)  # of a scheduler of ours
    known = schedule.total_steps if isinstance(schedule, Schedule) else None
    count = num_steps if num_steps is not None else known or _LENGTH
    learning_rates = scheduled_lrs(_factory(schedule, count), count, init_lr)
    figure, axes = new_axes("step", "learning rate")
    axes.plot(range(count), learning_rates, linewidth=1.8, color=COLORS[0])
    if out is not None:
        save(figure, Path(out))
    return figure


def _factory(scheduled: Any, total_steps: int) -> Callable[[Optimizer], Any]:
    from d9d_lr.provider.auto import AutoLRSchedulerProvider
    from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
    from d9d_lr.provider.torch_scheduler import PiecewiseLR

    if isinstance(scheduled, Schedule):
        return lambda optimizer: PiecewiseLR(optimizer, scheduled)
    if isinstance(scheduled, PiecewiseConfig):
        scheduled = AutoLRSchedulerProvider(scheduled)
    if isinstance(scheduled, AutoLRSchedulerProvider):
        provider, here = scheduled, DistributedContext()
        return lambda optimizer: provider(
            InitializeLRSchedulerContext(dist_context=here, total_steps=total_steps, optimizer=optimizer)
        )
    if not callable(scheduled):
        message = f"{type(scheduled).__name__} cannot be drawn without being stepped"
        hint = "pass what builds it, as in lambda optimizer: StepLR(optimizer, 30)"
        raise ConfigError([Problem("scheduled", message, hint)])
    built: Callable[[Optimizer], Any] = scheduled
    return built


def scheduled_lrs(factory: Callable[[Optimizer], Any], num_steps: int, init_lr: float) -> list[float]:
    """Returns the learning rate that a scheduler sets for each of `num_steps` steps, from step 0."""
    if num_steps < 1:
        raise ConfigError([Problem("num_steps", f"{num_steps} is not allowed; it must be at least 1")])
    if not math.isfinite(init_lr):
        raise ConfigError([Problem("init_lr", f"{init_lr} is not allowed; it must be a finite number")])
    import torch

    from d9d_lr.provider.guard import MisstepWarning

    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=init_lr)
    scheduler = factory(optimizer)
    learning_rates = []
    for _ in range(num_steps):
        learning_rates.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        with warnings.catch_warnings():
            # torch's SequentialLR warns of itself: it passes the epoch that it deprecated.
            warnings.filterwarnings("ignore", message="The epoch parameter in `scheduler.step")
            warnings.filterwarnings("ignore", category=MisstepWarning)  # to draw beyond the end is no misstep
            scheduler.step()
    return learning_rates

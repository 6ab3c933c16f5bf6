"""The training loop: a pure sequence of steps over parts that are built and restored elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.provider.context import DistributedContext
from d9d_lr.provider.protocols import LRSchedulerProtocol
from d9d_lr.provider.torch_scheduler import PiecewiseLR
from d9d_lr.training.assignment import Assignment
from d9d_lr.training.interrupts import Interrupts
from d9d_lr.training.plan import SchedulePlan
from d9d_lr.training.processes import (
    any_process,
    broadcast_from_first,
    data_parallel,
    is_lost_process,
    mean_over_processes,
    shard,
)
from d9d_lr.training.randomness import batch_generator, seed_step
from d9d_lr.training.settings import TrainConfig
from d9d_lr.training.tasks.protocol import Task

Row = dict[str, float]


@dataclass(frozen=True)
class Past:
    """How a run came to where it starts.

    Attributes:
        began: The step of the checkpoint of another run that it began from; 0 if it began by itself.
        from_folder: The folder of that run, if it begins from there now.
        taken: The checkpoints on the way that this run would have left before, as that one left them.
        known: Whether all that was done before is what its own settings and schedule say.
    """

    began: int = 0
    from_folder: Path | None = None
    taken: tuple[Path, ...] = ()
    known: bool = True


NO_PAST = Past()


@dataclass
class Run:
    """The live parts of one run.

    Attributes:
        assignment: What is to be trained.
        plan: The schedule that it follows.
        step: Updates done so far.
        seconds: Time spent training so far, over all resumed parts.
        saved_step: Step of the newest checkpoint; None if there is none.
        past: How it came to where it starts.
    """

    assignment: Assignment
    context: DistributedContext
    task: Task
    model: nn.Module
    optimizer: Optimizer
    scheduler: LRSchedulerProtocol
    plan: SchedulePlan
    step: int = 0
    seconds: float = 0.0
    saved_step: int | None = None
    past: Past = NO_PAST
    _versions: list[int] = field(default_factory=list)

    @property
    def config(self) -> TrainConfig:
        """How it goes."""
        return self.assignment.config

    @property
    def saves(self) -> tuple[int, ...]:
        """Steps after which other runs begin; with any, this one ends after the last of them."""
        return self.assignment.portion.saves

    @property
    def lr(self) -> float:
        """The learning rate of the first param group for the step to come."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def stop(self) -> int:
        """The step that it goes on to."""
        return self.saves[-1] if self.saves else self.config.last_step

    @property
    def batch_size(self) -> int:
        """How many examples the step to come has, over all processes together."""
        scheduled = self.scheduler.batch_size if isinstance(self.scheduler, PiecewiseLR) else None
        return self.config.batch_size if scheduled is None else scheduled

    def scheduled_row(self) -> Row:
        """Returns the learning rate for the step to come, and whatever else is scheduled.

        Where that is the batch size, the row has how many examples the steps before have.
        """
        scheduler = self.scheduler
        if not isinstance(scheduler, PiecewiseLR):
            return {"lr": self.lr}
        samples = {} if scheduler.samples is None else {"samples": scheduler.samples}
        return {"lr": self.lr, **scheduler.scheduled_values(), **samples}

    def begin_step(self) -> None:
        """Notes the state that the model is in after `step` updates, where a process that is lost may end the step."""
        if self.context.world_size > 1:
            self._versions = self._state_versions()

    @property
    def is_between_steps(self) -> bool:
        """Whether the model is still in the state that it was in when the step began: safe to save."""
        return self._versions == self._state_versions()

    def _state_versions(self) -> list[int]:
        return [tensor._version for tensor in (*self.model.parameters(), *self.model.buffers())]


class Observer:
    """What follows a run from outside; this one, for the ranks that write nothing, does nothing."""

    def advance(self, step: int) -> None:
        """Called when `step` updates are done."""

    def record(self, step: int, row: Row) -> None:
        """Given the row of every step that is logged or evaluated, and of the last."""

    def save(self) -> None:
        """Called where a checkpoint is due."""

    @property
    def wants_to_stop(self) -> bool:
        """Asked before each step, in every process."""
        return False


def train(run: Run, interrupts: Interrupts, observer: Observer) -> None:
    """Trains until the step that the run goes on to, or that after an interrupt or an observer's wish in any process.

    Args:
        run: The parts; `step` and `seconds` move on.
        interrupts: Asked before each step.
        observer: Follows the run.

    Raises:
        RunError: In every process at once, if a loss stops being finite or the task gives none.
    """
    config, started, seconds_before = run.config, time.monotonic(), run.seconds
    model = data_parallel(run.model, run.context)
    while run.step < run.stop:
        run.begin_step()
        if any_process(interrupts.signal_name is not None or observer.wants_to_stop, run.context):
            return
        step, saves = run.step, _is_checkpoint_due(run.step + 1, config)
        evaluated = step % config.eval_every == 0
        recorded = evaluated or step % config.log_every == 0
        scheduled = run.scheduled_row() if recorded or saves else {}  # of a GPU's tensors, for which it would wait
        row = _evaluate(run) if evaluated else {}
        loss = _update(run, model)
        if scheduled:
            _check_finite("training loss", loss.item(), step, scheduled["lr"])
        if recorded:
            observer.record(step, {**scheduled, "train_loss": loss.item(), **row})
        run.step += 1
        run.seconds = seconds_before + time.monotonic() - started
        observer.advance(run.step)
        if saves or run.step in run.saves:
            observer.save()
    if not run.saves:
        observer.record(run.step, {**run.scheduled_row(), **_evaluate(run)})


def _is_checkpoint_due(step: int, config: TrainConfig) -> bool:
    every = config.checkpoint_every
    return every is not None and step % every == 0 and step < config.last_step


def _update(run: Run, model: nn.Module) -> Tensor:
    """Does one update; returns the mean loss of the global batch before it."""
    seed_step(run.config.seed, run.step, run.context.rank)
    batch = shard(run.task.train_batch(run.batch_size, batch_generator(run.config.seed, run.step)), run.context)
    model.train()

    def compute_gradients() -> float:
        run.optimizer.zero_grad(set_to_none=True)
        loss = run.task.loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if run.config.grad_clip_norm is not None:
            nn.utils.clip_grad_norm_(run.model.parameters(), run.config.grad_clip_norm)
        return mean_over_processes(loss, run.context)  # type: ignore[return-value]  # torch types a closure's as float

    loss = _step(run.optimizer, compute_gradients)
    run.scheduler.step()
    return torch.as_tensor(loss)


def _step(optimizer: Optimizer, compute_gradients: Callable[[], float]) -> Any:
    """Does the optimizer's step; an optimizer that refuses the gradients gets an error of its own."""
    computed = False

    def compute() -> float:
        nonlocal computed
        computed = False
        loss = compute_gradients()
        computed = True
        return loss

    try:
        return optimizer.step(compute)
    except RuntimeError as error:
        if not computed or is_lost_process(error):
            raise
        reason = str(error).splitlines()[0]
        raise RunError(f"{type(optimizer).__name__} cannot do its step on this task's gradients: {reason}") from error


def _evaluate(run: Run) -> Row:
    """Evaluates in rank 0 and broadcasts the metrics, so that all ranks go on or none does."""
    metrics = broadcast_from_first(lambda: _metrics(run), run.context)
    if "loss" not in metrics:
        raise RunError(f"the task's evaluate gave {', '.join(metrics) or 'nothing'}; it must give loss")
    _check_finite("validation loss", metrics["loss"], run.step, run.lr)
    return {f"val_{name}": value for name, value in metrics.items()}


def _metrics(run: Run) -> dict[str, float]:
    run.model.eval()
    with torch.no_grad():
        return {name: float(value) for name, value in run.task.evaluate(run.model, run.context.device).items()}


def _check_finite(name: str, loss: float, step: int, lr: float) -> None:
    if not math.isfinite(loss):
        raise RunError(f"the {name} is {loss} at step {step}, learning rate {lr:.3g}; try a lower optimizer.lr")

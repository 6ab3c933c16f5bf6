"""The training loop: a pure sequence of steps over parts that are built and restored elsewhere."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from d9d_lr.config.settings import TrainConfig
from d9d_lr.problems import RunError
from d9d_lr.provider.context import DistributedContext
from d9d_lr.provider.protocols import LRSchedulerProtocol
from d9d_lr.training.interrupts import Interrupts
from d9d_lr.training.processes import mean_over_processes, own_part, spread
from d9d_lr.training.randomness import batch_generator, seed_step
from d9d_lr.training.task import Task

Row = dict[str, float]


@dataclass
class Run:
    """The live parts of one run.

    Attributes:
        step: Updates done so far.
        seconds: Time spent training so far, over all resumed parts.
    """

    config: TrainConfig
    context: DistributedContext
    task: Task
    model: nn.Module
    optimizer: Optimizer
    scheduler: LRSchedulerProtocol
    step: int = 0
    seconds: float = 0.0


def train(run: Run, interrupts: Interrupts, record: Callable[[int, Row], None], save: Callable[[], None]) -> None:
    """Trains until `total_steps`, or until the step after an interrupt.

    Args:
        run: The parts; `step` and `seconds` move on.
        interrupts: Asked before each step.
        record: Given the row of every step that is logged or evaluated, and of `total_steps`.
        save: Called where a checkpoint is due.

    Raises:
        RunError: If the loss stops being finite.
    """
    config, started, seconds_before = run.config, time.monotonic(), run.seconds
    model = spread(run.model, run.context)
    while run.step < config.total_steps and not interrupts.signal_name:
        step = run.step
        lr = float(run.optimizer.param_groups[0]["lr"])
        row = _evaluate(run) if step % config.eval_every == 0 else {}
        loss = _update(run, model)
        if step % config.log_every == 0 or step % config.eval_every == 0:
            train_loss = mean_over_processes(loss, run.context)
            _check_finite("training loss", train_loss, step, lr)
            record(step, {"lr": lr, "train_loss": train_loss, **row})
        run.step += 1
        run.seconds = seconds_before + time.monotonic() - started
        if config.checkpoint_every and run.step % config.checkpoint_every == 0 and run.step < config.total_steps:
            save()
    if run.step == config.total_steps:
        record(run.step, {"lr": float(run.optimizer.param_groups[0]["lr"]), **_evaluate(run)})


def _update(run: Run, model: nn.Module) -> Tensor:
    seed_step(run.config.seed, run.step, run.context.rank)
    batch = own_part(
        run.task.train_batch(run.config.batch_size, batch_generator(run.config.seed, run.step)), run.context
    )
    model.train()

    def compute_gradients() -> float:
        run.optimizer.zero_grad(set_to_none=True)
        loss = run.task.loss(model, batch)
        loss.backward()  # type: ignore[no-untyped-call]
        if run.config.grad_clip_norm is not None:
            nn.utils.clip_grad_norm_(run.model.parameters(), run.config.grad_clip_norm)
        return loss.detach()  # type: ignore[return-value]  # torch types a closure's loss as float; it is a tensor

    loss = run.optimizer.step(compute_gradients)
    run.scheduler.step()
    return torch.as_tensor(loss)


def _evaluate(run: Run) -> Row:
    """Evaluates on rank 0, which alone records; the others go on to the next step and wait there."""
    if not run.context.is_main_process:
        return {}
    run.model.eval()
    with torch.no_grad():
        metrics = run.task.evaluate(run.model, run.context.device)
    if "loss" not in metrics:
        raise RunError(f"the task's evaluate gave {', '.join(metrics) or 'nothing'}; it must give loss")
    _check_finite("validation loss", metrics["loss"], run.step, float(run.optimizer.param_groups[0]["lr"]))
    return {f"val_{name}": float(value) for name, value in metrics.items()}


def _check_finite(name: str, loss: float, step: int, lr: float) -> None:
    if not math.isfinite(loss):
        raise RunError(f"the {name} is {loss} at step {step}, learning rate {lr:.3g}; try a lower optimizer.lr")

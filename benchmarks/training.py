"""The training loop against one that a person would write by hand for the same model, batches, clipping and metrics.

Both evaluate, and write their metrics, where the settings say so; neither writes a checkpoint. On the processor its
time counts; on a GPU that on the clock, until the GPU is done.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from benchmarks.measuring import ROUNDS, Row
from d9d_lr.composing.compose import compose_checked
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.tracking.open import open_tracker
from d9d_lr.training.assignment import Assignment
from d9d_lr.training.interrupts import watched_interrupts
from d9d_lr.training.loop import Observer, train
from d9d_lr.training.optimizers.build import build_optimizer
from d9d_lr.training.parts import prepare
from d9d_lr.training.plan import planned
from d9d_lr.training.recording import Recorder, recording
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.settings import Settings
from d9d_lr.training.tasks.build import build_task


def rows(device: str = "cpu", rounds: int = ROUNDS) -> Iterator[Row]:
    """The default task, and one whose steps are so short that whatever stands around them shows."""
    for task, steps, goal in (("charlm", 40, 1.02), ("digits", 400, 1.10)):
        settings = settings_of(f"task={task}", f"train.total_steps={steps}", f"train.device={device}")
        yield Row(
            f"a step of training, `task={task}`{'' if device == 'cpu' else ', GPU'}",
            "a loop written by hand",
            partial(_ours, settings),
            partial(_by_hand, settings),
            goal=goal,
            rounds=rounds,
        )


def settings_of(*overrides: str) -> Settings:
    """Composes a run that is evaluated at its two ends."""
    own = ["train.eval_every=${train.total_steps}", "lr=warmup_hold_cosine", "lr.phases.0.steps=10"]
    return compose_checked(APP_DIR, "config", [*own, *overrides], resolve_settings)


def trained(settings: Settings, observer: Callable[[Recorder], Observer] = lambda recorder: recorder) -> float:
    """Trains in a folder that does not stay, and returns the seconds of the loop.

    Args:
        settings: The settings.
        observer: Puts something around what records the run.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = prepare(Assignment(settings, folder))
        tracker = open_tracker(settings.tracker, folder, settings)
        interrupts = stack.enter_context(watched_interrupts())
        recorder = stack.enter_context(recording(run, tracker))
        start = _now(run.context.device)
        train(run, interrupts, observer(recorder))
        return _now(run.context.device) - start


def _ours(settings: Settings) -> float:
    return trained(settings) / settings.train.total_steps


def _now(device: torch.device) -> float:
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def _by_hand(settings: Settings) -> float:
    config, task, device = settings.train, build_task(settings.task), torch.device(settings.train.device)
    torch.manual_seed(config.seed)
    model = task.build_model().to(device)
    optimizer = build_optimizer(settings.optimizer, model)
    schedule = planned(settings).schedule()
    assert schedule is not None
    scheduler = LambdaLR(optimizer, schedule.multiplier)
    generator = torch.Generator().manual_seed(config.seed)
    with tempfile.TemporaryFile("w") as metrics:
        start = _now(device)
        for step in range(config.total_steps + 1):
            row = {"step": step, "lr": optimizer.param_groups[0]["lr"]}
            if step % config.eval_every == 0:
                model.eval()
                with torch.no_grad():
                    row |= task.evaluate(model, device)
            if step < config.total_steps:
                model.train()
                optimizer.zero_grad()
                batch = task.train_batch(config.batch_size, generator)
                loss = task.loss(model, tuple(part.to(device, non_blocking=True) for part in batch))
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip_norm or math.inf)
                optimizer.step()
                scheduler.step()
            if step % config.log_every == 0:
                metrics.write(json.dumps({**row, "train_loss": loss.item()}) + "\n")
                metrics.flush()
        return (_now(device) - start) / config.total_steps

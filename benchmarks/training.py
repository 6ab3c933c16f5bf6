"""The training loop against one that a person would write by hand for the same model, batches, clipping and metrics.

Both evaluate, and write their metrics, where the settings say so; neither writes a checkpoint.
"""

from __future__ import annotations

import json
import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import torch
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from benchmarks.measuring import Row
from d9d_lr.composing.compose import compose_from
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.tracking.open import open_tracker
from d9d_lr.training.interrupts import watched_interrupts
from d9d_lr.training.loop import train
from d9d_lr.training.optimizers.build import build_optimizer
from d9d_lr.training.parts import prepare
from d9d_lr.training.plan import planned
from d9d_lr.training.recording import recording
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.settings import Settings
from d9d_lr.training.tasks.build import build_task


def rows() -> Iterator[Row]:
    """The default task, and one whose steps are so short that whatever stands around them shows."""
    for task, steps, goal in (("charlm", 40, 1.02), ("digits", 400, 1.10)):
        overrides = [f"task={task}", f"train.total_steps={steps}", f"train.eval_every={steps}", "lr=warmup_hold_cosine"]
        settings = resolve_settings(compose_from(APP_DIR, "config", [*overrides, "lr.phases.0.steps=10"]))
        yield Row(
            f"a step of training, `task={task}`",
            "a loop written by hand",
            partial(_ours, settings),
            partial(_by_hand, settings),
            goal=goal,
        )


def _ours(settings: Settings) -> float:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        run = prepare(settings, folder)
        tracker = open_tracker(settings.tracker, folder, settings)
        interrupts = stack.enter_context(watched_interrupts())
        recorder = stack.enter_context(recording(run, settings, folder, tracker))
        start = time.process_time()
        train(run, interrupts, recorder)
        return (time.process_time() - start) / settings.train.total_steps


def _by_hand(settings: Settings) -> float:
    config, task = settings.train, build_task(settings.task)
    torch.manual_seed(config.seed)
    model = task.build_model()
    optimizer = build_optimizer(settings.optimizer, model.parameters())
    schedule = planned(settings).schedule()
    assert schedule is not None
    scheduler = LambdaLR(optimizer, schedule.multiplier)
    generator = torch.Generator().manual_seed(config.seed)
    with tempfile.TemporaryFile("w") as metrics:
        start = time.process_time()
        for step in range(config.total_steps + 1):
            row = {"step": step, "lr": optimizer.param_groups[0]["lr"]}
            if step % config.eval_every == 0:
                model.eval()
                with torch.no_grad():
                    row |= task.evaluate(model, torch.device("cpu"))
            if step < config.total_steps:
                model.train()
                optimizer.zero_grad()
                loss = task.loss(model, task.train_batch(config.batch_size, generator))
                loss.backward()  # type: ignore[no-untyped-call]
                nn.utils.clip_grad_norm_(model.parameters(), config.grad_clip_norm or math.inf)
                optimizer.step()
                scheduler.step()
            if step % config.log_every == 0:
                metrics.write(json.dumps({**row, "train_loss": loss.item()}) + "\n")
                metrics.flush()
        return (time.process_time() - start) / config.total_steps

"""What must be there for a run to start: the device, the data, a folder of its own, a checkpoint that fits."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import torch

from d9d_lr.config.scheduler_fields import BATCH_SIZE, SCHEDULES
from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.launched import world_size
from d9d_lr.runs.locks import held
from d9d_lr.tracking.open import check_installed
from d9d_lr.training.plan import planned
from d9d_lr.training.resume import find_checkpoint
from d9d_lr.training.schedule_plan import plan_to_follow
from d9d_lr.training.schedulers import build_provider
from d9d_lr.training.settings import Settings
from d9d_lr.training.tasks.settings import CharLMConfig
from d9d_lr.training.tasks.text import read_text


def check_environment(settings: Settings, folder: Path) -> None:
    """Looks at everything that a run in `folder` will need, and changes nothing.

    Raises:
        ConfigError: If the settings cannot be followed here.
        RunError: If the folder is in use or cannot be written.
    """
    check_processes(settings, world_size())
    device_type(settings.train.device)
    check_installed(settings.tracker)
    build_provider(planned(settings))
    if isinstance(settings.task, CharLMConfig):
        read_text(settings.task.text_file)
    _check_folder(folder)
    with _nothing_said():
        plan_to_follow(settings, find_checkpoint(settings, folder))


def check_processes(settings: Settings, world_size: int) -> None:
    """Raises ConfigError if a global batch cannot be divided equally among the processes."""
    batch = planned(settings).batch_sizes()
    scheduled = f"{SCHEDULES if BATCH_SIZE in settings.schedules else 'lr'}.{BATCH_SIZE}"
    key = "train.batch_size" if batch is None else scheduled
    for size in [settings.train.batch_size] if batch is None else batch.sizes():
        if size % world_size:
            raise ConfigError([Problem(key, f"{size} cannot be divided equally among {world_size} processes")])


def device_type(device: Literal["auto", "cpu", "cuda"]) -> str:
    """Returns the kind of device to train on; raises ConfigError where it is not there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError([Problem("train.device", "'cuda' is not available on this machine; auto or cpu are")])
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


@contextmanager
def _nothing_said() -> Iterator[None]:
    """Leaves it to the run, once it starts, to say what it finds in its folder."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)


def _check_folder(folder: Path) -> None:
    nearest = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise RunError(f"the run folder {folder} cannot be made or written: {nearest} does not allow it")
    if folder.is_dir():
        with held(folder):
            pass

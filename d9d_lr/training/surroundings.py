"""What must be there for a run to start: the device, the data, a folder of its own, a checkpoint that fits."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from d9d_lr.config.settings import CharLMConfig, Settings
from d9d_lr.files import held
from d9d_lr.problems import ConfigError, Problem, RunError
from d9d_lr.provider.context import DistributedContext, InitializeLRSchedulerContext
from d9d_lr.training.charlm import read_text
from d9d_lr.training.optimizers import build_optimizer
from d9d_lr.training.resume import check_same_work, find_checkpoint, restore_scheduler
from d9d_lr.training.schedulers import build_scheduler


def check_surroundings(settings: Settings, folder: Path) -> None:
    """Looks at everything that a run in `folder` will need, and changes nothing.

    Raises:
        ConfigError: If the settings cannot be followed here.
        RunError: If the folder is in use or cannot be written.
    """
    check_processes(settings, int(os.environ.get("WORLD_SIZE", "1")))
    device_type(settings.train.device)
    if isinstance(settings.task, CharLMConfig):
        read_text(settings.task.text_file)
    _check_folder(folder)
    _check_checkpoint(settings, folder)


def check_processes(settings: Settings, world_size: int) -> None:
    """Raises ConfigError if a global batch cannot be divided equally among the processes."""
    if settings.train.batch_size % world_size:
        message = f"{settings.train.batch_size} cannot be divided equally among {world_size} processes"
        raise ConfigError([Problem("train.batch_size", message)])


def device_type(device: Literal["auto", "cpu", "cuda"]) -> str:
    """Returns the kind of device to train on; raises ConfigError where it is not there."""
    if device == "cuda" and not torch.cuda.is_available():
        raise ConfigError([Problem("train.device", "'cuda' is not available on this machine; auto or cpu are")])
    return "cuda" if device != "cpu" and torch.cuda.is_available() else "cpu"


def _check_folder(folder: Path) -> None:
    nearest = next(path for path in (folder, *folder.resolve().parents) if path.exists())
    if not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        raise RunError(f"the run folder {folder} cannot be made or written: {nearest} does not allow it")
    if folder.is_dir():
        with held(folder):
            pass


def _check_checkpoint(settings: Settings, folder: Path) -> None:
    """Asks a stand-in of one parameter what the run itself would be told."""
    checkpoint = find_checkpoint(settings.train.resume, folder)
    if checkpoint is None:
        return
    check_same_work(checkpoint, settings)
    if settings.train.on_schedule_change != "error":
        return
    try:
        optimizer = build_optimizer(settings.optimizer, [nn.Parameter(torch.zeros(1, 1))])
    except ConfigError:
        return  # refused because of the stand-in or in earnest: the run itself will tell
    groups = len(checkpoint.optimizer["param_groups"])
    if groups != 1:
        return
    context = InitializeLRSchedulerContext(
        dist_context=DistributedContext(), total_steps=settings.train.total_steps, optimizer=optimizer
    )
    restore_scheduler(checkpoint, build_scheduler(settings.lr, context), optimizer, settings)

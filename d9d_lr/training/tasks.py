"""Building the task that the settings name."""

from __future__ import annotations

from typing import assert_never

from d9d_lr.config.settings import CharLMConfig, DigitsConfig, TargetConfig, TaskConfig
from d9d_lr.config.targets import call
from d9d_lr.problems import ConfigError, Problem
from d9d_lr.training.charlm import CharLM
from d9d_lr.training.digits import Digits
from d9d_lr.training.task import Task

_METHODS = ("build_model", "train_batch", "loss", "evaluate")


def build_task(config: TaskConfig | TargetConfig) -> Task:
    """Builds the task that the settings name.

    Raises:
        ConfigError: If its data cannot be used, or the person's own task lacks a method.
    """
    match config:
        case CharLMConfig():
            return CharLM(config)
        case DigitsConfig():
            return Digits(config)
        case TargetConfig():
            return _own_task(config)
        case _:
            assert_never(config)


def _own_task(config: TargetConfig) -> Task:
    task = call(config)
    missing = [name for name in _METHODS if not callable(getattr(task, name, None))]
    if missing or not isinstance(task, Task):
        lacks = f"{config.target} gives a {type(task).__name__} without {', '.join(missing)}"
        message = f"{lacks}; a task needs {', '.join(_METHODS)}"
        raise ConfigError([Problem("task._target_", message)])
    return task

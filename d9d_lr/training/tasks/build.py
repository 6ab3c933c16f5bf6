"""Building the task that the settings name."""

from __future__ import annotations

from typing import assert_never

from d9d_lr.composing.targets import TargetConfig, call
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.training.tasks.charlm import CharLM
from d9d_lr.training.tasks.digits import Digits
from d9d_lr.training.tasks.protocol import Task
from d9d_lr.training.tasks.settings import CharLMConfig, DigitsConfig, TaskConfig

_METHODS = ("build_model", "train_batch", "loss", "evaluate")


def build_task(config: TaskConfig | TargetConfig) -> Task:
    """Builds the task that the settings name.

    Raises:
        ConfigError: If its data cannot be used, or the user-defined task lacks a method.
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

"""How many examples a task has, for schedules in epochs. Imports no torch."""

from __future__ import annotations

from typing import assert_never

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.training.tasks.settings import CharLMConfig, DigitsConfig, TaskConfig
from d9d_lr.training.tasks.text import read_text


def samples_per_epoch(config: TaskConfig | TargetConfig) -> int | None:
    """Returns how many training examples there are; of a text, how many windows lie side by side in it.

    None for a user-defined task, which does not say.

    Raises:
        ConfigError: If the text cannot be read.
    """
    match config:
        case CharLMConfig():
            characters = config.training_characters(len(read_text(config.text_file)))
            return max(1, characters // config.context_length)
        case DigitsConfig():
            return config.training_images()
        case TargetConfig():
            return None
        case _:
            assert_never(config)

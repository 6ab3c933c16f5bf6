"""The text that a character model learns from. Imports no torch."""

from __future__ import annotations

import importlib
import io
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.runs.reading import read_small

LARGEST_TEXT_BYTES = 1024**3
"""Of a text; its characters take eight times as much memory as tokens."""


def read_text(text_file: str | None) -> str:
    """Returns the text to train on.

    Raises:
        ConfigError: If the file cannot be read as UTF-8 text.
    """
    if text_file is None:
        topics: dict[str, str] = importlib.import_module("pydoc_data.topics").topics
        return "\n".join(topics[name] for name in sorted(topics))
    try:
        text = read_small(Path(text_file), LARGEST_TEXT_BYTES).decode()
    except UnicodeDecodeError as error:
        message = f"{text_file!r} is not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}"
        raise ConfigError([Problem("task.text_file", message)]) from error
    except RunError as error:
        raise ConfigError([Problem("task.text_file", str(error))]) from error
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise ConfigError([Problem("task.text_file", f"{text_file!r} cannot be read: {reason}")]) from error
    return io.StringIO(text, newline=None).getvalue()  # every end of a line as \n, as Python opens text

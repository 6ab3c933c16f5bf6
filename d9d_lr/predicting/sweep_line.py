"""What to type to train the schedules that a law likes best, as one sweep."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from d9d_lr.predicting.asked import Asked


def sweep_line(chosen: Sequence[Asked], config_dir: Path | None, config_name: str) -> str:
    """Returns the command that runs some schedules of one sweep, the swept keys advancing together.

    Args:
        chosen: The schedules; at least one.
        config_dir: The folder of configuration that they were composed with.
        config_name: The primary config.
    """
    words = ["python", "-m", "d9d_lr.train", *(["-cd", str(config_dir)] if config_dir else [])]
    words += ["-cn", config_name] if config_name != "config" else []
    words += ["-m"]
    swept = chosen[0].swept
    fixed = [override for override in chosen[0].overrides if override and _key(override) not in swept]
    columns = {key: [_value(one, key) for one in chosen] for key in swept}
    zipped = [f"sweep.zip=[[{','.join(swept)}]]"] if len(swept) > 1 else []
    return shlex.join([*words, *zipped, *fixed, *(f"{key}={','.join(values)}" for key, values in columns.items())])


def _key(override: str) -> str:
    return override.partition("=")[0].lstrip("+")


def _value(one: Asked, key: str) -> str:
    return next(override.partition("=")[2] for override in reversed(one.overrides) if _key(override) == key)

"""The command that repeats a setting: all of its seeds at once, as a small sweep."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

_AGAIN = "multirun/repeated"


def repeat_setting(commands: Sequence[str]) -> str:
    """Returns one command for runs that differ by nothing but the values of some overrides, such as their seeds.

    Args:
        commands: What repeats each of the runs.
    """
    lines = [shlex.split(command) for command in commands]
    if len(lines) < 2 or len({len(line) for line in lines}) > 1:
        return commands[0] if commands else ""
    words = [_merged(column) for column in zip(*lines, strict=True)]
    if None in words:
        return commands[0]
    merged = [word for word in words if word is not None]
    if "hydra.mode=RUN" not in merged:
        return shlex.join([*merged[:3], "-m", *merged[3:]])
    # A file that sweeps may name its folder, where these runs have been completed before.
    at = merged.index("hydra.mode=RUN")
    return shlex.join([*merged[:at], "hydra.mode=MULTIRUN", f"hydra.sweep.dir={_AGAIN}", *merged[at + 1 :]])


def _merged(column: Sequence[str]) -> str | None:
    """Joins the values of one override; None if it is not one override with several values."""
    if len(set(column)) == 1:
        return column[0]
    keys = {word.partition("=")[0] for word in column}
    if len(keys) > 1 or not all("=" in word for word in column):
        return None
    values = dict.fromkeys(word.partition("=")[2] for word in column)
    return f"{keys.pop()}={','.join(sorted(values, key=_size))}"


def _size(value: str) -> tuple[bool, int, str]:
    return not value.isdecimal(), int(value) if value.isdecimal() else 0, value

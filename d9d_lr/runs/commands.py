"""What to type to repeat a run, or a setting with all of its seeds, or to go on with what was stopped."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from d9d_lr.runs.launched import world_size

ENTRYPOINT = "-m d9d_lr.train"
_SCRIPT = "d9d-lr-train"
_AGAIN = "multirun/repeated"
_PACKAGED = ("conf", "app")
"""How the path of the entrypoint's own configuration ends, wherever it is installed."""


def this_program(hydra: Mapping[str, Any]) -> str:
    """Returns what stands behind `python` to run the running application: ours, or one that uses our sweeper."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    ours = any(source["provider"] == "main" and _is_packaged(str(source["path"])) for source in _sources(hydra))
    if ours or Path(sys.argv[0]).name == _SCRIPT:
        return ENTRYPOINT
    return f"-m {spec.name.removesuffix('.__main__')}" if spec else shlex.quote(sys.argv[0])


def repeat_command(hydra: Mapping[str, Any], overrides: Sequence[str], program: str = ENTRYPOINT) -> str:
    """Returns the command line that runs something again as a run of its own, typed where it was typed before.

    Args:
        hydra: The `hydra` section of the run, or of the sweep that it is a point of; empty if nobody knows.
        overrides: What was typed for it, without what is Hydra's own.
        program: What stands behind `python`.
    """
    runtime, job = hydra.get("runtime") or {}, hydra.get("job") or {}
    given = (hydra.get("overrides") or {}).get("hydra") or []
    words: list[str] = []
    own = program != ENTRYPOINT and "hydra.mode=MULTIRUN" not in given
    for source in _sources(hydra):
        path = str(source["path"])
        if source["provider"] == "command-line":
            words += ["-cd", _from_here(path, runtime.get("cwd"))]
        if source["provider"] == "main" and program == ENTRYPOINT and not _is_packaged(path):
            words, own = [*words, "-cp", path], True  # whole: Hydra would look for a relative one beside the program
    if (name := job.get("config_name")) not in (None, "config"):
        words, own = [*words, "-cn", str(name)], own or program == ENTRYPOINT
    typed = [word for word in given if _searches_elsewhere(word)]
    if own or any(_brings_a_file(override) for override in overrides):
        typed.insert(0, "hydra.mode=RUN")  # such a file may start a sweep by itself
    return _line(program, words, [*typed, *overrides])


def command_again(arguments: Sequence[str], place: str, program: str = ENTRYPOINT) -> str:
    """Returns what to type to run the same command in the folder that it ran in, in as many processes.

    Args:
        arguments: What was typed.
        place: The override that names the folder.
        program: What stands behind `python`.
    """
    key = place.partition("=")[0]
    # First, for the command line's parser takes no override behind a flag such as --multirun that has some before it.
    others = [argument for argument in arguments if not argument.startswith(f"{key}=")]
    return _line(program, [], [place, *others], world_size())


def quoted(path: object) -> str:
    """Quotes a path for Hydra's grammar of overrides, where it must be."""
    text = str(path)
    return text if re.fullmatch(r"[\w/.:+-]+", text) else "'" + text.replace("'", "\\'") + "'"


def _line(program: str, options: Sequence[str], overrides: Sequence[str], processes: int = 1) -> str:
    launcher = f"-m torch.distributed.run --nproc_per_node {processes} " if processes > 1 else ""
    return f"python {launcher}{program} {shlex.join([*options, *overrides])}".rstrip()


def _sources(hydra: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return (hydra.get("runtime") or {}).get("config_sources") or []


def _is_packaged(path: str) -> bool:
    folder = Path(path)
    return folder.parts[-2:] == _PACKAGED and (folder.parent / "schedules").is_dir() | (not folder.exists())


def _searches_elsewhere(override: str) -> bool:
    return override.lstrip("+").startswith("hydra.searchpath=")


def _brings_a_file(override: str) -> bool:
    """Whether an override may bring a file with it, as `+experiment=NAME` does; a key with a dot is a value."""
    key = override.partition("=")[0]
    return key.lstrip("+") == "experiment" or (override.startswith("+") and "." not in key)


def _from_here(path: str, folder: str | None) -> str:
    """Shortens a path inside a folder; any other stays absolute."""
    relative = os.path.relpath(path, folder) if folder else ".."
    return path if relative.startswith("..") else relative


def repeat_setting(commands: Sequence[str]) -> str:
    """Returns one command for runs that differ by nothing but the values of some overrides, such as their seeds."""
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

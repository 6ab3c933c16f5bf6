"""A user's own application, as its folder shows it: its schedules, and how long they last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.paths import APP_DIR
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean, join_key, leaves

PRIMARY = "config"
"""The entrypoint's primary config, which the files of a sweep build on."""

_LENGTHS = ("total_steps", "max_steps", "num_training_steps", "train_steps", "num_steps")
"""What the length of a run is called."""


def is_application(folder: Path, config_name: str) -> bool:
    """Whether a folder holds a primary config that does not build on the entrypoint's.

    A file named `config.yaml`, or one beside it, belongs to an application of the user's own; so does any other that
    does not have `config` in its defaults.
    """
    file = folder / f"{config_name}.yaml"
    if not file.is_file():
        return False
    return (folder / f"{PRIMARY}.yaml").is_file() or not _builds_on_the_entrypoint(folder, config_name)


def refuse_hidden(folder: Path, config_name: str) -> None:
    """Refuses a primary config that would never be used, since the entrypoint's own of that name is found first.

    Raises:
        ConfigError: If there is one.
    """
    file = folder / f"{config_name}.yaml"
    if config_name == PRIMARY and file.is_file() and not file.samefile(APP_DIR / f"{PRIMARY}.yaml"):
        message = f"{file} is never used: the entrypoint's own {PRIMARY}.yaml is found first"
        hint = "give it another name, and name it with --config-name; python -m d9d_lr.plot draws it as it is"
        raise ConfigError([Problem("--config-dir", message, hint)])


def schedules_in(config: DictConfig) -> list[str]:
    """Returns the keys of the sections that are schedules, by what they hold, wherever they stand."""
    plain = OmegaConf.to_container(config, resolve=False)
    assert isinstance(plain, dict)
    return list(_schedules({str(key): node for key, node in plain.items()}))


def asked_schedules(config: DictConfig, key: str | None) -> list[str]:
    """Returns the schedule under a key, or all there are where none was named.

    Raises:
        ConfigError: If there is none.
    """
    found = schedules_in(config)
    if key is None and not found:
        raise ConfigError([Problem("", "there is no schedule in this configuration", "name its key: --key KEY")])
    if key is not None and OmegaConf.select(config, key) is None:
        known = f"; there are schedules at {', '.join(found)}" if found else ""
        raise ConfigError([Problem(key, f"is not in this configuration{known}", did_you_mean(key, found))])
    return found if key is None else [key]


def length_of(config: DictConfig, asked: str | None) -> int:
    """Returns the number of steps of a run.

    Args:
        config: The composed configuration.
        asked: The number, or the key that holds it; None looks for a key that is called as it mostly is.

    Raises:
        ConfigError: If there is no such number, or more than one.
    """
    if asked is not None:
        value = int(asked) if asked.isdecimal() else OmegaConf.select(config, asked)
        if not isinstance(value, int) or isinstance(value, bool):
            raise ConfigError([Problem("--total-steps", f"{asked} is neither a number of steps nor the key of one")])
        return value
    plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=False)
    found = {key: value for key, value in leaves(plain) if key.rpartition(".")[2] in _LENGTHS and _is_count(value)}
    if len(set(found.values())) != 1:
        said = f"{', '.join(found)} differ" if found else f"no key is called {', '.join(_LENGTHS)}"
        hint = "--total-steps takes the number of steps, or the key that holds it"
        raise ConfigError([Problem("--total-steps", f"the length of the run is not known: {said}", hint)])
    return int(next(iter(found.values())))


def _builds_on_the_entrypoint(folder: Path, name: str) -> bool:
    """Whether a file has the entrypoint's primary config in its defaults, or in those of a file beside it."""
    waiting, seen = [name], set()
    while waiting:
        name = waiting.pop()
        defaults = _defaults(folder / f"{name}.yaml") if name not in seen else []
        if PRIMARY in defaults:
            return True
        seen.add(name)
        waiting += [one for one in defaults if (folder / f"{one}.yaml").is_file()]
    return False


def _defaults(file: Path) -> list[str]:
    """Returns what a file builds on; nothing where it cannot be read, which composing it reports."""
    try:
        content = yaml.safe_load(file.read_bytes())
    except (OSError, ValueError, yaml.YAMLError, RecursionError):
        return [PRIMARY]
    defaults = content.get("defaults") if isinstance(content, dict) else None
    return [str(one).lstrip("/") for one in defaults] if isinstance(defaults, list) else []


def _schedules(node: Mapping[str, Any], key: str = "") -> Iterator[str]:
    if "phases" in node and "initial_multiplier" in node:
        yield key.removesuffix(".scheduler")
        return
    for name, child in node.items():
        if isinstance(child, Mapping):
            yield from _schedules({str(one): below for one, below in child.items()}, join_key(key, name))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)

"""From OmegaConf to plain Python: interpolations resolved, nothing missing, every trouble reported at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.problems import ConfigError, Problem, join_key


def plain(section: DictConfig | Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """Returns a section as plain dictionaries, lists and values.

    Args:
        section: A section of a composed configuration, or an ordinary mapping.
        key: What the section is called in errors.

    Raises:
        ConfigError: With each value that is `???` and each interpolation that leads nowhere.
    """
    if not isinstance(section, Mapping):
        raise ConfigError([Problem(key, f"must be a mapping of keys to values, not {section!r}")])
    node = section if isinstance(section, DictConfig) else _created(section, key)
    problems = list(_unresolved(node, key))
    if problems:
        raise ConfigError(problems)
    return cast(dict[str, Any], OmegaConf.to_container(node, resolve=True))


def _created(section: Mapping[str, Any], key: str) -> DictConfig:
    try:
        return OmegaConf.create(dict(section))
    except OmegaConfBaseException as error:
        raise ConfigError([Problem(key, f"cannot be read: {str(error).splitlines()[0]}")]) from error


def _unresolved(node: DictConfig | ListConfig, key: str) -> Iterator[Problem]:
    names: list[Any] = list(node.keys()) if isinstance(node, DictConfig) else list(range(len(node)))
    for name in names:
        here = join_key(key, str(name))
        if OmegaConf.is_missing(node, name):
            yield Problem(here, "must be set; it is ??? (mandatory) in the configuration")
            continue
        try:
            child = node[name]
        except OmegaConfBaseException as error:
            reason = str(error.__cause__ or error).splitlines()[0]
            yield Problem(here, f"cannot be resolved: {reason}")
            continue
        if isinstance(child, DictConfig | ListConfig):
            yield from _unresolved(child, here)

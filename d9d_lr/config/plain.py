"""From OmegaConf to plain Python, with whatever cannot be resolved left in its place and marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.diagnostics.problems import ConfigError, Problem, Unresolved, join_key


def plain(section: DictConfig | Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """Returns a section as plain dictionaries, lists and values.

    Args:
        section: A section of a composed configuration, or an ordinary mapping.
        key: What the section is called in errors.

    Raises:
        ConfigError: With each value that is `???` and each interpolation that leads nowhere.
    """
    values = marked(section, key)
    problems = [Problem(join_key(key, *place), found.reason) for place, found in _unresolved(values)]
    if problems:
        raise ConfigError(problems)
    return values


def marked(section: DictConfig | Mapping[str, Any], key: str = "") -> dict[str, Any]:
    """Returns a section as `plain` does, with an `Unresolved` for each value that is not there.

    Raises:
        ConfigError: If the section is no mapping.
    """
    if not isinstance(section, Mapping):
        raise ConfigError([Problem(key, f"must be a mapping of keys to values, not {section!r}")])
    node = section if isinstance(section, DictConfig) else _created(section, key)
    return cast(dict[str, Any], _marked(node))


def _created(section: Mapping[str, Any], key: str) -> DictConfig:
    try:
        return OmegaConf.create(dict(section), flags={"allow_objects": True})
    except OmegaConfBaseException as error:
        raise ConfigError([Problem(key, f"cannot be read: {str(error).splitlines()[0]}")]) from error


def _marked(node: DictConfig | ListConfig) -> Any:
    if isinstance(node, DictConfig):
        return {name: _child(node, name) for name in node}
    return [_child(node, index) for index in range(len(node))]


def _child(node: DictConfig | ListConfig, name: Any) -> Any:
    if OmegaConf.is_missing(node, name):
        return Unresolved("must be set; it is ??? (mandatory) in the configuration")
    try:
        child = node[name]
    except OmegaConfBaseException as error:
        return Unresolved(f"cannot be resolved: {str(error.__cause__ or error).splitlines()[0]}")
    return _marked(child) if isinstance(child, DictConfig | ListConfig) else child


def _unresolved(value: Any, *place: str) -> Iterator[tuple[tuple[str, ...], Unresolved]]:
    match value:
        case Unresolved():
            yield place, value
        case dict():
            for name, child in value.items():
                yield from _unresolved(child, *place, str(name))
        case list():
            for index, child in enumerate(value):
                yield from _unresolved(child, *place, str(index))

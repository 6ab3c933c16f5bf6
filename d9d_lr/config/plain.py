"""From OmegaConf to plain Python, with whatever cannot be resolved left in its place and marked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import NoneType
from typing import Any, cast

from omegaconf import Container, DictConfig, ListConfig, OmegaConf, UnionNode
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.diagnostics.problems import ConfigError, Problem, Unresolved, join_key

_PLAIN = frozenset((str, int, float, bool, NoneType, Unresolved))


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
    if not isinstance(section, DictConfig) and _is_plain(section):
        return cast(dict[str, Any], _copied(section))
    node = section if isinstance(section, DictConfig) else _created(section, key)
    return cast(dict[str, Any], _marked(node, _written(node)))


def _created(section: Mapping[str, Any], key: str) -> DictConfig:
    try:
        return OmegaConf.create(dict(section), flags={"allow_objects": True})
    except OmegaConfBaseException as error:
        raise ConfigError([Problem(key, f"cannot be read: {str(error).splitlines()[0]}")]) from error


def _is_plain(value: Any) -> bool:
    """Whether there is nothing in a value for OmegaConf to resolve or to convert."""
    match value:
        case dict():
            return all(type(name) in (str, int) and _is_plain(child) for name, child in value.items())
        case list() | tuple():
            return all(map(_is_plain, value))
        case _:
            return type(value) in _PLAIN and not _is_expression(value)


def _copied(value: Any) -> Any:
    match value:
        case dict():
            return {name: _copied(child) for name, child in value.items()}
        case list() | tuple():
            return [_copied(child) for child in value]
        case _:
            return value


def _written(node: Container) -> Any:
    """Returns what `OmegaConf.to_container` does, in half of its time: it looks at each value again by its key."""
    if not isinstance(node, DictConfig) or not node:
        return OmegaConf.to_container(node)
    found: dict[Any, Any] = {}
    for name, value in node.items_ex(resolve=False):
        if isinstance(value, UnionNode):  # which is not taken off its value
            return OmegaConf.to_container(node)
        found[name] = _written(value) if type(value) not in _PLAIN and isinstance(value, Container) else value
    return found


def _marked(node: Any, written: Any) -> Any:
    """Returns what a node holds; most of it stands there as it is written, which is a hundred times quicker to get."""
    if isinstance(written, dict):
        return {name: _child(node, name, child) for name, child in written.items()}
    return [_child(node, index, child) for index, child in enumerate(written)]


def _child(node: DictConfig | ListConfig, name: Any, written: Any) -> Any:
    if isinstance(written, dict | list):
        return _marked(node[name], written) if _has_expressions(written) else written
    return _resolved(node, name) if _is_expression(written) else written


def _has_expressions(written: Any) -> bool:
    if isinstance(written, dict | list):
        return any(map(_has_expressions, written.values() if isinstance(written, dict) else written))
    return _is_expression(written)


def _is_expression(written: Any) -> bool:
    """Whether a value means something else than what is written: it is `???`, or holds an interpolation."""
    return isinstance(written, str) and ("${" in written or written == "???")


def _resolved(node: DictConfig | ListConfig, name: Any) -> Any:
    if OmegaConf.is_missing(node, name):
        return Unresolved("must be set; it is ??? (mandatory) in the configuration")
    try:
        child = node[name]
    except OmegaConfBaseException as error:
        return Unresolved(f"cannot be resolved: {str(error.__cause__ or error).splitlines()[0]}")
    return _marked(child, _written(child)) if isinstance(child, DictConfig | ListConfig) else child


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

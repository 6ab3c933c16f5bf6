"""User-defined parts, by `_target_`: found, called with the arguments that they take, and checked.

A `_target_` typed over a packaged choice (`task._target_=my_project.MyTask` while `task=charlm` is the default) finds
that choice's fields beside it. What the callable takes is passed; what it does not take and still has its packaged
value is left out, and said; anything else that it does not take is an error.
"""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Callable, Collection, Mapping
from typing import Any, cast

from omegaconf import OmegaConf
from pydantic import Field

from d9d_lr.composing.hydra_internals import instantiate
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.config.base import Base
from d9d_lr.diagnostics.problems import ConfigError, Problem, did_you_mean


class TargetConfig(Base):
    """A user-defined part: a callable by its dotted path, and what it is called with.

    Attributes:
        target: Dotted path of the callable.
        arguments: Keyword arguments, as plain values.
        replaced: Fields of the packaged part that `target` replaces and does not know; they are not passed.
    """

    target: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    replaced: dict[str, Any] = Field(default_factory=dict)


def packaged_values(group: str, name: Any) -> dict[str, Any]:
    """Returns what the file of a packaged option says, such as `task=charlm`; nothing where there is no such option.

    The file is the one place of its defaults.
    """
    file = next((file for file in (APP_DIR / group).glob("*.yaml") if file.stem == name), None)
    return {} if file is None else cast(dict[str, Any], OmegaConf.to_container(OmegaConf.load(file)))


def split_target(section: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    """Returns a section's `_target_` (None where it has none, or null) and the rest of it."""
    rest = {key: value for key, value in section.items() if key != "_target_"}
    return section.get("_target_"), rest


def bind_target(
    target: str, rest: Mapping[str, Any], packaged: Mapping[str, Any], key: str, given: Collection[str] = ("params",)
) -> TargetConfig:
    """Decides what a callable is called with.

    Args:
        target: Dotted path of the callable. It is imported.
        rest: The other fields of its section.
        packaged: The fields of the packaged choice that it may stand on, with their packaged values.
        key: What the section is called in errors.
        given: What the entrypoint itself passes, if the callable takes it.

    Raises:
        ConfigError: If the callable cannot be found, lacks an argument or does not take one that was set.
    """
    parameters = inspect.signature(find(target, key)).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    arguments, replaced, problems = {}, {}, []
    for name, value in rest.items():
        if name in parameters:
            arguments[name] = value
        elif name in packaged and packaged[name] == value:
            replaced[name] = value
        elif takes_any:
            arguments[name] = value
        else:
            message = f"{target} does not take this; it takes {', '.join(parameters) or 'nothing'}"
            problems.append(Problem(f"{key}.{name}", message, did_you_mean(name, parameters)))
    problems += [
        Problem(f"{key}.{name}", f"is missing; {target} needs it", f"type +{key}.{name}=VALUE")
        for name, parameter in parameters.items()
        if parameter.default is parameter.empty
        and parameter.kind in (parameter.POSITIONAL_OR_KEYWORD, parameter.KEYWORD_ONLY)
        and name not in arguments
        and name not in given
    ]
    if problems:
        raise ConfigError(problems)
    return TargetConfig(target=target, arguments=arguments, replaced=replaced)


def find(target: str, key: str) -> Callable[..., Any]:
    """Imports a callable by its dotted path.

    Raises:
        ConfigError: If there is none.
    """
    try:
        found = pkgutil.resolve_name(target)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0]
        message = f"{target!r} cannot be imported: {reason}"
        raise ConfigError([Problem(f"{key}._target_", message, _near_name(error))]) from error
    if not callable(found):
        raise ConfigError([Problem(f"{key}._target_", f"{target!r} is a {type(found).__name__}, not a callable")])
    return found  # type: ignore[no-any-return]


def call(config: TargetConfig, *arguments: Any) -> Any:
    """Calls a target with its arguments; nested `_target_` mappings among them are built first."""
    return instantiate({"_target_": config.target, **config.arguments}, *arguments)


def call_with(config: TargetConfig, **given: Any) -> Any:
    """Calls a target with its arguments and with those of `given` that it takes, which may be any objects."""
    parameters = inspect.signature(find(config.target, "")).parameters
    takes_any = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    taken = {name: value for name, value in given.items() if takes_any or name in parameters}
    return instantiate({"_target_": config.target, "_partial_": True, **config.arguments})(**taken)


def _near_name(error: Exception) -> str:
    if isinstance(error, AttributeError) and error.name:
        return did_you_mean(error.name, dir(error.obj))
    return ""

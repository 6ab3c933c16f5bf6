"""Hydra's private parts and Hydra's English. No other module knows either, since both may change with any release.

Tried with:

| hydra-core | omegaconf |
| --- | --- |
| 1.3.2 | 2.3.0 |
| 1.3.8 | 2.3.1 |
| 1.4.0rc3 | 2.4.1rc1 |

`hydra_plugins` imports this module in every Hydra application, so it imports nothing that Hydra has not imported.
"""

from __future__ import annotations

import argparse
import importlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any, Literal, cast

import hydra
from hydra import initialize_config_dir, version
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.core.utils import JobReturn, JobRuntime
from hydra.errors import HydraException
from omegaconf import DictConfig, ListConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

BEFORE_1_4 = hydra.__version__.startswith("1.3.")
_BASE: dict[str, Any] = {"version_base": "1.3"} if BEFORE_1_4 else {}
"""Hydra 1.3 warns where the base version is not named, Hydra 1.4 where it is."""

_COMPOSING_MODULES = {
    "hydra._internal.config_loader_impl",
    "hydra._internal.config_repository",
    "hydra._internal.defaults_list",
}

COMPOSITION_ERRORS = (
    HydraException,
    OmegaConfBaseException,
    YAMLError,
    TypeError,
    ValueError,
    OSError,
    AttributeError,
    RecursionError,
)
"""What Hydra raises while it composes."""


# --- private parts ---------------------------------------------------------------------------------------------------


def hydra_main(job: Callable[[DictConfig], Any], config_dir: Path, config_name: str) -> None:
    """Hands the command line to Hydra, as `@hydra.main` does.

    A `_target_` is what the person who runs the command typed or wrote, so Hydra 1.4 is told not to ask for a list of
    those that may be called.
    """
    hydra.main(config_path=str(config_dir), config_name=config_name, **_BASE, **_any_target("execution_whitelist"))(
        job
    )()


def instantiate(config: Mapping[str, Any], *arguments: Any) -> Any:
    """Calls a `_target_`, and those in its arguments before it."""
    return hydra.utils.instantiate(config, *arguments, _convert_="all", **_any_target("_execution_whitelist_"))


def _any_target(parameter: str) -> dict[str, Any]:
    if BEFORE_1_4:
        return {}
    policy = importlib.import_module("hydra._internal.execution_policy")
    return {parameter: policy.UNSAFE_DISABLE_EXECUTION_CHECKS}


@contextmanager
def opened(config_dir: Path, job_name: str, searched_too: Path | None = None) -> Iterator[None]:
    """Lets `hydra.compose` find the configuration of a folder, and leaves a Hydra that is running as it was.

    Args:
        config_dir: The folder of the primary config.
        job_name: What `hydra.job.name` is.
        searched_too: A folder that is searched as that of `--config-dir` is.
    """
    base, runtime = version.VersionBase.instance(), JobRuntime.instance()
    running, base_before, runtime_before = GlobalHydra.instance().hydra, base.version_base, runtime.conf
    GlobalHydra.instance().clear()
    runtime.conf = OmegaConf.create({})
    try:
        with initialize_config_dir(str(config_dir), job_name=job_name, **_BASE):
            if searched_too is not None:
                _search_too(searched_too, job_name)
            yield
    finally:
        GlobalHydra.instance().hydra = running
        base.version_base, runtime.conf = base_before, runtime_before


def _search_too(config_dir: Path, job_name: str) -> None:
    search_path = GlobalHydra.instance().config_loader().get_search_path()
    search_path.prepend("command-line", f"file://{config_dir}", anchor=SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    Hydra.create_main_hydra2(task_name=job_name, config_search_path=search_path)


def keys_of_option(group: str, option: str) -> Mapping[str, Any]:
    """Returns what the file of a group's option says itself, with what its defaults list brings as None."""
    loader = GlobalHydra.instance().config_loader()
    assert isinstance(loader, ConfigLoaderImpl)
    loaded = loader.repository.load_config(f"{group}/{option}")
    if loaded is None or not isinstance(loaded.config, DictConfig):
        return {}
    brought = [str(one.package or "") for one in loaded.defaults_list or () if hasattr(one, "package")]
    return {**dict.fromkeys(brought), **dict(OmegaConf.to_container(loaded.config))}  # type: ignore[arg-type]


def store(name: str, node: Any, group: str | None = None) -> None:
    """Registers a config under a name, or in place of one that was registered before."""
    replacing: dict[str, Any] = {} if BEFORE_1_4 else {"replace": True}
    ConfigStore.instance().store(name, node, group=group, provider="d9d_lr", **replacing)


def register_resolver(name: str, resolver: Callable[..., Any]) -> None:
    """Registers a resolver of interpolations, in place of one that was registered before."""
    register = OmegaConf.register_new_resolver if BEFORE_1_4 else OmegaConf.register_resolver
    register(name, resolver, replace=True)  # type: ignore[call-arg]


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses a command line as a Hydra application does."""
    return get_args_parser().parse_intermixed_args(list(arguments))


def apply_values(overrides: Sequence[Override], config: DictConfig) -> None:
    """Sets values in a composed configuration, as Hydra does behind its choice of files."""
    ConfigLoaderImpl._apply_overrides_to_config(list(overrides), config)


def without_hydra(config: DictConfig) -> DictConfig:
    """Takes Hydra's section out of a composed configuration, in place, as Hydra does for a job.

    Returns:
        A second root with the same sections and Hydra's beside them, for what the resolver `hydra:` looks up and for
        interpolations out of that section. Nothing is copied.
    """
    hydra = config._content.pop("hydra")  # type: ignore[union-attr]
    root = DictConfig({})
    OmegaConf.copy_cache(config, root)
    root._content.update(config._content)  # type: ignore[union-attr,arg-type]
    put_hydra(cast(DictConfig, hydra), root)
    return root


def put_hydra(hydra: DictConfig, config: DictConfig) -> None:
    """Puts Hydra's section into a configuration without copying it; several may have the same one in turn."""
    hydra._set_parent(config)
    config._content["hydra"] = hydra  # type: ignore[index]


def job_value(job: JobReturn) -> Any:
    """Returns what a job returned, or the error that it raised, without raising it."""
    return job._return_value


def from_composing(error: BaseException) -> bool:
    """Whether an error comes from Hydra's own composing, and not from a job that it ran."""
    modules = {frame.f_globals.get("__name__") for frame in _frames(error)}
    return not from_job(error) and not modules.isdisjoint(_COMPOSING_MODULES)


def from_job(error: BaseException) -> bool:
    """Whether an error was raised inside a job that Hydra ran."""
    return any(frame.f_code.co_name in ("run_job", "_run_job") for frame in _frames(error))


def _frames(error: BaseException) -> Iterator[FrameType]:
    """Yields the frames that an error came through."""
    traceback = error.__traceback__
    while traceback is not None:
        yield traceback.tb_frame
        traceback = traceback.tb_next


# --- English ---------------------------------------------------------------------------------------------------------

Case = Literal[
    "no_file",
    "no_folder",
    "not_there",
    "no_value",
    "mapping_and_list",
    "index",
    "unplaced",
    "no_such_place",
    "not_in_defaults",
    "two_keys",
    "unknown_key",
    "nothing_to_delete",
    "other_value",
    "no_group",
    "several_values",
    "not_mergeable",
    "chosen_already",
    "there_already",
    "taken",
    "no_name",
    "not_chosen",
    "mode_in_file",
    "other",
]

_SENTENCES: tuple[tuple[Case, str], ...] = (
    ("no_file", r"Cannot find primary config '(?P<key>[^']*)'"),
    ("not_there", r"Could not find '(?P<key>[^']*)'"),
    ("not_there", r"Could not load '(?P<key>[^']*)'"),
    ("mode_in_file", r"(?P<key>hydra\.mode) changed during config composition"),
    ("no_name", r"Config group override must be a string or a list"),
    ("no_name", r"argument of type '\w+' is not iterable"),
    ("not_chosen", r"You must specify '(?P<key>[^']*)'"),
    (
        "mapping_and_list",
        r"(?:Error merging override \+*(?P<key>[^=]+)=|In '(?P<file>[^']*)')[^\0]*"
        r"Cannot merge (?:DictConfig with ListConfig|incompatible container types)",
    ),
    ("index", r"Error merging override \+*(?P<key>[^=]+)=[^\0]*list index out of range"),
    ("index", r"Could not override '(?P<key>[^']*)'[^\0]*full_key: \S*\[\d+\]"),
    ("index", r"invalid literal for int\(\) with base 10: '(?P<name>[^']*)'"),
    ("index", r"list indices must be integers or slices, not str"),
    ("unplaced", r"Could not override '(?P<key>[^'@]*/[^'@]*)'"),
    ("no_such_place", r"Could not override '(?P<key>[^']*@[^']*)'"),
    ("no_such_place", r"Invalid Defaults List override '/?(?P<key>[^':]*@[^':]*): (?P<name>[^']*)'"),
    ("not_in_defaults", r"Invalid Defaults List override '/?(?P<key>[^':]*): (?P<name>[^']*)'"),
    ("not_in_defaults", r"Could not override '(?P<key>[^']*)'\. No match in the defaults list"),
    ("two_keys", r"Conflicting integer and string keys: '(?P<name>[^']*)'[^\0]*full_key: (?P<key>\S+)\.\S+"),
    ("unknown_key", r"Could not override '(?P<key>[^']*)'"),
    ("nothing_to_delete", r"Could not delete (?:from config\. )?'(?P<key>[^'=]*)(?:=(?P<name>[^']*))?'"),
    ("other_value", r"The value of '(?P<key>[^']*)' is (?P<name>.*) and not"),
    ("no_group", r"config group '(?P<key>[^']*)' does not exist"),
    ("several_values", r"Ambiguous value for argument '(?P<key>[^'=]*)="),
    ("no_folder", r"Additional config directory '(?P<key>[^']*)' not found"),
    ("not_mergeable", r"Error merging override \+*(?P<key>[^=]+)="),
    ("there_already", r"Could not append to config\. An item is already at '(?P<key>[^']*)'"),
    ("chosen_already", r"Multiple values for (?P<key>[\w/@.]+)\."),
    ("taken", r"(?P<key>\S+) appears more than once in the final defaults list"),
)
"""What Hydra and OmegaConf say, with the text of the cause behind it; the first that fits counts."""

_NEAR = r"Did you mean to override (?:one of )?([^?]+)\?"


@dataclass(frozen=True)
class Said:
    """What Hydra said of a command line, beyond its words.

    Attributes:
        case: What is wrong.
        key: The key, group or file that it is about; empty where Hydra names none.
        name: The part of the key, or the value, that does not fit.
        near: What could be overridden instead.
        known: The keys that are there in place of an unknown one.
        full_key: An unknown key, as far as it leads.
        in_list: Whether the key leads into a list.
        line: The first line of its text.
    """

    case: Case
    key: str = ""
    name: str = ""
    near: tuple[str, ...] = ()
    known: tuple[str, ...] | None = None
    full_key: str = ""
    in_list: bool = False
    line: str = ""


def read(error: BaseException) -> Said:
    """Returns what Hydra, or OmegaConf below it, said in an error."""
    text, cause = str(error), error.__cause__
    everything = f"{text}\n{cause or ''}"
    case, found = next(
        ((case, match.groupdict()) for case, pattern in _SENTENCES if (match := re.search(pattern, everything))),
        ("other", {}),
    )
    near = re.search(_NEAR, text)
    parent = getattr(cause, "parent_node", None)
    told = cause if case == "not_mergeable" and cause else error
    return Said(
        case=case,
        key=found.get("key") or found.get("file") or "",
        name=found.get("name") or (str(cause.key) if isinstance(cause, OmegaConfBaseException) else ""),
        near=tuple(near[1].split(", ")) if near else (),
        known=_keys(parent) if isinstance(parent, DictConfig) else None,
        full_key=str(cause.full_key) if isinstance(cause, OmegaConfBaseException) else "",
        in_list=isinstance(parent, ListConfig),
        line=_first_line(told),
    )


def why_unparsed(error: BaseException, typed: str) -> str:
    """Returns the line of a parser's error that says more than what was typed."""
    lines = [line for line in str(error).splitlines() if typed not in line and line.strip(" ^")]
    return next((line for line in lines if not line.startswith("See ")), "")


def _keys(parent: DictConfig) -> tuple[str, ...]:
    return () if parent._is_none() else tuple(map(str, parent))


def _first_line(error: BaseException) -> str:
    text = re.sub(r"^In '[^']*': (?=You must)", "", str(error).strip())
    return text.splitlines()[0] if text else type(error).__name__

"""Hydra's private parts. No other module knows them, since they may change with any release; its English is beside it.

Tried with:

| hydra-core | omegaconf |
| --- | --- |
| 1.3.2 | 2.3.0 |
| 1.3.8 | 2.3.1 |
| 1.4.0rc3 | 2.4.1rc1 |
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache, partial
from pathlib import Path
from types import FrameType
from typing import Any, cast

import hydra
from hydra import initialize_config_dir, version
from hydra._internal import config_loader_impl
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.hydra import Hydra
from hydra._internal.utils import get_args_parser
from hydra.core.config_loader import ConfigLoader
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.config_store import ConfigStore
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.core.plugins import Plugins
from hydra.core.utils import JobReturn, JobRuntime
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf import base as omegaconf_base
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
    AssertionError,
    AttributeError,
    RecursionError,
)
"""What Hydra raises while it composes."""


def hydra_main(job: Callable[[DictConfig], Any], config_dir: Path, config_name: str) -> None:
    """Hands the command line to Hydra, as `@hydra.main` does.

    A `_target_` was typed or written by whoever runs the command, so Hydra 1.4 is not to ask for a list of those that
    may be called.
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


class JobLoader(ConfigLoaderImpl):
    """Hydra's loader, with another way of composing the jobs of a sweep; it can be sent to other processes.

    Args:
        loader: Hydra's own.
        compose_job: Given the configuration of the sweep, the overrides of the job, the loader, and Hydra's own way.
    """

    def __init__(self, loader: ConfigLoader, compose_job: Callable[..., DictConfig]) -> None:
        super().__init__(loader.get_search_path())
        self._compose_job = compose_job

    def load_sweep_config(self, master_config: DictConfig, sweep_overrides: list[str]) -> DictConfig:
        """Called by launchers for each job."""
        return self._compose_job(
            master_config, sweep_overrides, self, partial(super().load_sweep_config, master_config)
        )


@contextmanager
def interpolations_parsed_once() -> Iterator[None]:
    """Lets OmegaConf parse each text with an interpolation once, where it would at each look at the value.

    Parsing takes ten times as long as looking up what it says; a sweep has the same few texts in each of its points.
    Trees are only read, and a text that does not parse is parsed again.
    """
    module: Any = omegaconf_base  # to mypy, what it imports is not its own
    parse = module.parse
    module.parse = cache(parse)
    try:
        yield
    finally:
        module.parse = parse


def scan_plugins_once() -> None:
    """Lets this process, which is to run many jobs, look for Hydra's plugins once; joblib's launcher would for each.

    A scan takes as long as a tiny job, and imports the plugins' modules anew, whose classes are then other ones.
    """
    scan, found = Plugins._initialize, dict[str, Any]()

    def initialize(plugins: Plugins) -> None:
        if not found:
            scan(plugins)
            found.update(vars(plugins))
        vars(plugins).update(found)

    Plugins._initialize = initialize  # type: ignore[assignment,method-assign]


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Parses a command line as a Hydra application does."""
    return get_args_parser().parse_intermixed_args(list(arguments))


def apply_values(overrides: Sequence[Override], config: DictConfig) -> None:
    """Sets values in a composed configuration, as Hydra does behind its choice of files."""
    ConfigLoaderImpl._apply_overrides_to_config(list(overrides), config)


def say_overrides(overrides: Sequence[Override], config: DictConfig) -> None:
    """Writes into Hydra's section what was typed for the task, and what is made of that, as Hydra does."""
    task, hydra = [override for override in overrides if not override.is_hydra_override()], config.hydra
    hydra.overrides.task = [override.input_line for override in task]
    if BEFORE_1_4:  # later it is looked up
        job = hydra.job
        how = job.config.override_dirname
        job.override_dirname = config_loader_impl.get_overrides_dirname(
            overrides=task, kv_sep=how.kv_sep, item_sep=how.item_sep, exclude_keys=how.exclude_keys
        )


def without_hydra(config: DictConfig) -> DictConfig:
    """Takes Hydra's section out of a composed configuration, in place, as Hydra does for a job.

    Returns:
        A second root with the same sections and Hydra's beside them, for what the resolver `hydra:` looks up and for
        interpolations out of that section. Nothing is copied.
    """
    hydra, root = _nodes(config).pop("hydra"), DictConfig({})
    OmegaConf.copy_cache(config, root)
    _nodes(root).update(_nodes(config))
    put_hydra(hydra, root)
    return root


def put_hydra(hydra: DictConfig, config: DictConfig) -> None:
    """Puts Hydra's section into a configuration without copying it; several may have the same one in turn."""
    hydra._set_parent(config)
    _nodes(config)["hydra"] = hydra


def _nodes(config: DictConfig) -> dict[str, Any]:
    """Returns the sections of a configuration as they are held, to be moved without a copy."""
    return cast(dict[str, Any], config._content)


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

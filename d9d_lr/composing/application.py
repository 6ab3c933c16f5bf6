"""Composing an application's configuration without running it: one point, or each point of a sweep.

What comes out of the entrypoint's is what `python -m d9d_lr.train` would be given for the same words.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.composing.hydra_internals import COMPOSITION_ERRORS, keys_of_option, opened
from d9d_lr.composing.own_application import PRIMARY, is_application
from d9d_lr.composing.paths import APP_DIR, searched
from d9d_lr.diagnostics.problems import ConfigError, Problem

JOB_NAME = "train"


class Application:
    """An application's configuration; use it inside `open_application`.

    Attributes:
        is_own: Whether it is one of the user's own, and not the entrypoint.
    """

    def __init__(self, config_name: str, is_own: bool = False) -> None:
        self._config_name = config_name
        self.is_own = is_own

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Composes one point.

        Raises:
            ConfigError: If Hydra cannot compose it, with what to type instead.
        """
        with hydra_troubles(overrides):
            return compose(self._config_name, overrides=list(overrides))

    def composed(self, overrides: Sequence[str]) -> DictConfig:
        """Composes one point with its `hydra` section, and raises what Hydra raises."""
        return compose(self._config_name, overrides=list(overrides), return_hydra_config=True)

    def options(self, group: str) -> list[str]:
        """Returns the options of a config group."""
        return GlobalHydra.instance().config_loader().get_group_options(group)

    def content(self, group: str, option: str) -> Mapping[str, Any]:
        """Returns what the file of an option says itself; None for what its defaults bring."""
        return keys_of_option(group, option)

    def parsed(self, overrides: Sequence[str]) -> list[Override]:
        """Parses what is typed, with the `hydra.sweeper.params` of the primary config in front of it.

        What is typed for a key wins over the file. How a run is started is left out: a launcher may not be installed.

        Raises:
            ConfigError: If an override does not parse.
        """
        typed = [override for override in self.parse(overrides) if not _only_for_hydra(override)]
        return [*self.parse(self._sweep_params([_first_choice(override) for override in typed])), *typed]

    def parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parses overrides as they are.

        Raises:
            ConfigError: If one does not parse.
        """
        with hydra_troubles(overrides):
            parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
            return parser.parse_overrides(list(overrides))

    def _sweep_params(self, first_point: Sequence[str]) -> list[str]:
        try:
            config = self.composed(first_point)
        except COMPOSITION_ERRORS:
            return []  # composing the points one by one reports what is wrong
        params = OmegaConf.select(config, "hydra.sweeper.params") or {}
        return [f"{key}={value}" for key, value in params.items()]


@contextmanager
def open_application(
    config_dir: Path | None = None, config_name: str = PRIMARY, *, may_be_own: bool = False
) -> Iterator[Application]:
    """Opens the entrypoint's configuration.

    Args:
        config_dir: A folder of the user's own, searched as `--config-dir` is.
        config_name: The primary config, as `--config-name`.
        may_be_own: Whether an application that the folder holds is opened in place of the entrypoint.

    Raises:
        ConfigError: If the folder does not exist.
    """
    own = None if config_dir is None else searched(config_dir)
    if own is not None and not own.is_dir():
        raise ConfigError([Problem("--config-dir", f"there is no folder {str(config_dir)!r}")])
    name = config_name.removesuffix(".yaml")
    if may_be_own and own is not None and is_application(own, name):
        with opened(own, own.name):
            yield Application(name, is_own=True)
        return
    with opened(APP_DIR, JOB_NAME, own):
        yield Application(name)


@contextmanager
def hydra_troubles(overrides: Sequence[str]) -> Iterator[None]:
    """Turns what Hydra raises into a `ConfigError` that says what to type instead."""
    try:
        yield
    except ConfigError:
        raise
    except COMPOSITION_ERRORS as error:
        raise ConfigError(explain_hydra(error, overrides)) from error


def _only_for_hydra(override: Override) -> bool:
    # How a run is started: the launcher, the folders. They may name a plugin that is not installed here.
    return override.is_hydra_override() and override.get_key_element() != "hydra.searchpath"


def _first_choice(override: Override) -> str:
    """Returns an override as it is at the first point of a sweep."""
    values = override.sweep_string_iterator() if override.is_discrete_sweep() else iter(())
    first = next(iter(values), None)
    return str(override.input_line) if first is None else f"{override.get_key_element()}={first}"

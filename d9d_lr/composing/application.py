"""Composing the entrypoint's configuration without running it: one point, or each point of a sweep.

What comes out is what `python -m d9d_lr.train` would be given for the same words on the command line.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra._internal.hydra import Hydra
from hydra.core.config_search_path import SearchPathQuery
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.compose import hydra_troubles
from d9d_lr.composing.hydra_errors import COMPOSITION_ERRORS
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.diagnostics.problems import ConfigError, Problem

JOB_NAME = "train"


class Application:
    """The entrypoint's configuration; use it inside `open_application`."""

    def __init__(self, config_name: str) -> None:
        self._config_name = config_name

    def compose(self, overrides: Sequence[str]) -> DictConfig:
        """Composes one point.

        Raises:
            ConfigError: If Hydra cannot compose it, with what to type instead.
        """
        with hydra_troubles(overrides):
            return compose(self._config_name, overrides=list(overrides))

    def parsed(self, overrides: Sequence[str]) -> list[Override]:
        """Parses what is typed, with the `hydra.sweeper.params` of the primary config in front of it.

        What is typed for a key wins over the file. How a run is started is left out: a launcher may not be installed.

        Raises:
            ConfigError: If an override does not parse.
        """
        with hydra_troubles(overrides):
            parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
            typed = [override for override in parser.parse_overrides(list(overrides)) if not _only_for_hydra(override)]
            return [
                *parser.parse_overrides(self._sweep_params([_first_choice(override) for override in typed])),
                *typed,
            ]

    def _sweep_params(self, first_point: Sequence[str]) -> list[str]:
        try:
            config = compose(self._config_name, overrides=list(first_point), return_hydra_config=True)
        except COMPOSITION_ERRORS:
            return []  # composing the points one by one tells what is wrong
        params = OmegaConf.select(config, "hydra.sweeper.params") or {}
        return [f"{key}={value}" for key, value in params.items()]


@contextmanager
def open_application(config_dir: Path | None = None, config_name: str = "config") -> Iterator[Application]:
    """Opens the entrypoint's configuration.

    Args:
        config_dir: A folder of the user's own, searched as `--config-dir` is.
        config_name: The primary config, as `--config-name`.

    Raises:
        ConfigError: If the folder does not exist.
    """
    if config_dir is not None and not config_dir.is_dir():
        raise ConfigError([Problem("--config-dir", f"there is no folder {str(config_dir)!r}")])
    with initialize_config_dir(str(APP_DIR), job_name=JOB_NAME, version_base="1.3"):
        if config_dir is not None:
            _search_too(config_dir.resolve())
        yield Application(config_name.removesuffix(".yaml"))


def _search_too(config_dir: Path) -> None:
    search_path = GlobalHydra.instance().config_loader().get_search_path()
    search_path.prepend("command-line", f"file://{config_dir}", anchor=SearchPathQuery(provider="schema"))
    GlobalHydra.instance().clear()
    Hydra.create_main_hydra2(task_name=JOB_NAME, config_search_path=search_path)


def _only_for_hydra(override: Override) -> bool:
    # How a run is started: the launcher, the folders. They may name a plugin that is not installed here.
    return override.is_hydra_override() and override.get_key_element() != "hydra.searchpath"


def _first_choice(override: Override) -> str:
    """Returns an override as it is at the first point of a sweep."""
    values = override.sweep_string_iterator() if override.is_discrete_sweep() else iter(())
    first = next(iter(values), None)
    return str(override.input_line) if first is None else f"{override.get_key_element()}={first}"

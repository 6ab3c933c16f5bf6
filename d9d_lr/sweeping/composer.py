"""Composing many points that differ little: config groups once for each choice of them, values on a copy of that.

Hydra composes in two steps: the groups that were chosen decide which files are merged, then single values are set in
the result. The first step takes nearly all of the time, and most points of a sweep share it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from d9d_lr.composing.hydra_internals import apply_values, put_hydra, without_hydra

Compose = Callable[[Sequence[str]], DictConfig]
"""Composes the configuration of one job, its `hydra` section included."""


class PointComposer:
    """Composes the configuration of a point, as Hydra would.

    Args:
        loader: Hydra's loader.
        compose: Hydra's own way of composing a job.
    """

    def __init__(self, loader: ConfigLoader, compose: Compose) -> None:
        self._loader = loader
        self._compose = compose
        self._parser = OverridesParser.create(loader)
        self._by_groups: dict[tuple[str, ...], tuple[DictConfig, DictConfig | None]] = {}
        self._groups: dict[str, bool] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Returns what `compose(overrides)` does, but for `hydra.overrides` and what is made of those.

        The section `hydra`, which is most of a configuration, is not copied: the next point may get the same one.

        Raises:
            HydraException: If it cannot be composed, as Hydra itself would raise.
        """
        parsed = self._parser.parse_overrides(list(overrides))
        values = [override for override in parsed if self._is_value(override)]
        groups = tuple(str(override.input_line) for override in parsed if not self._is_value(override))
        if not values:
            return self._compose(overrides)
        if groups not in self._by_groups:
            self._by_groups[groups] = self._taken_apart(groups)
        base, hydra = self._by_groups[groups]
        config = copy.deepcopy(base)
        if hydra is not None:
            put_hydra(hydra, config)
        apply_values(values, config)
        return config

    def _taken_apart(self, groups: tuple[str, ...]) -> tuple[DictConfig, DictConfig | None]:
        config = self._compose(groups)
        return (config, without_hydra(config).hydra) if "hydra" in config else (config, None)

    def _is_value(self, override: Override) -> bool:
        """Whether an override sets a value in the task's configuration: chooses no group and steers no Hydra."""
        if override.package is not None or override.is_hydra_override():
            return False
        return not self._is_group(override.key_or_group)

    def _is_group(self, key: str) -> bool:
        if key not in self._groups:
            self._groups[key] = bool(self._loader.get_group_options(key))
        return self._groups[key]

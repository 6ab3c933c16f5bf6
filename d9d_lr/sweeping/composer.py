"""Composing many points that differ little: config groups once for each choice of them, values on a copy of that.

Hydra composes in two steps: the groups that were chosen decide which files are merged, then single values are set in
the result. The first step takes nearly all of the time, and most points of a sweep share it.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from functools import partial

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig

from d9d_lr.composing.hydra_internals import (
    COMPOSITION_ERRORS,
    apply_values,
    put_hydra,
    say_overrides,
    without_hydra,
)

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
        self._by_groups: dict[tuple[str, ...], tuple[Callable[[], DictConfig], DictConfig]] = {}
        self._parsed: dict[str, Override] = {}
        self._groups: dict[str, bool] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Returns what `compose(overrides)` does; its section `hydra` is that of the next point, with other overrides.

        Where the quick way finds something wrong, Hydra itself has the last word.

        Raises:
            HydraException: If it cannot be composed, as Hydra itself would raise.
        """
        try:
            config = self._put_together(self._parse(overrides))
        except COMPOSITION_ERRORS:
            config = None
        return self._compose(overrides) if config is None else config

    def _put_together(self, overrides: Sequence[Override]) -> DictConfig | None:
        """Returns the configuration with these overrides; None where the quick way gains nothing or may not do."""
        values = [override for override in overrides if self._is_value(override)]
        groups = tuple(str(override.input_line) for override in overrides if not self._is_value(override))
        if not values:
            return None
        if groups not in self._by_groups:
            self._by_groups[groups] = self._taken_apart(groups)
        copied, hydra = self._by_groups[groups]
        if hydra.get("aliases"):  # of Hydra 1.4: what is typed is another key
            return None
        config = copied()
        put_hydra(hydra, config)
        apply_values(values, config)
        say_overrides(overrides, config)
        return config

    def _parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parses what no other point had; a thousand points are put together from some dozens of texts."""
        new = [text for text in overrides if text not in self._parsed]
        self._parsed.update(zip(new, self._parser.parse_overrides(new), strict=True))
        return [self._parsed[text] for text in overrides]

    def _taken_apart(self, groups: tuple[str, ...]) -> tuple[Callable[[], DictConfig], DictConfig]:
        config = self._compose(groups)
        hydra = without_hydra(config).hydra
        return _copies(config), hydra

    def _is_value(self, override: Override) -> bool:
        """Whether an override sets a value in the task's configuration: chooses no group and steers no Hydra."""
        if override.package is not None or override.is_hydra_override():
            return False
        return isinstance(override.value(), dict) or not self._is_group(override.key_or_group)

    def _is_group(self, key: str) -> bool:
        if key not in self._groups:
            self._groups[key] = bool(self._loader.get_group_options(key, results_filter=None))
        return self._groups[key]


def _copies(config: DictConfig) -> Callable[[], DictConfig]:
    """Returns what makes copies; one that can be written is read back in an eighth of the time of a deep copy."""
    try:
        return partial(pickle.loads, pickle.dumps(config, pickle.HIGHEST_PROTOCOL))
    except (pickle.PicklingError, AttributeError, TypeError):  # an object of the user's own, or a class in a function
        return partial(copy.deepcopy, config)

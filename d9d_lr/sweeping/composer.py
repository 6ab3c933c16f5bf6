"""Composing many points that differ little: config groups once for each choice of them, values on a copy of that.

Hydra composes in two steps: the groups that were chosen decide which files are merged, then single values are set in
the result. The first step takes nearly all of the time, and most points of a sweep share it.
"""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from uuid import uuid4

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.hydra_internals import (
    COMPOSITION_ERRORS,
    apply_values,
    put_hydra,
    say_overrides,
    without_hydra,
)

FOLDER, ABOUT, ENVIRONMENT = "hydra.sweep.subdir", "hydra.env.point", "hydra.job.env_set"
"""What a sweep tells each of its jobs beside its point: its folder, what was found of it, environment variables."""

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
        self._by_groups: dict[tuple[str, ...], _Composed] = {}
        self._parsed: dict[str, Override] = {}
        self._groups: dict[str, bool] = {}

    def __call__(self, overrides: Sequence[str]) -> DictConfig:
        """Returns what `compose(overrides)` does; its section `hydra` is that of the next point, with other overrides.

        Where the quick way finds something wrong, Hydra itself has the last word.

        Raises:
            HydraException: If it cannot be composed, as Hydra itself would raise.
        """
        config = self._quickly(overrides)
        return self._compose(overrides) if config is None else config

    def job(self, overrides: Sequence[str]) -> DictConfig:
        """Returns what `compose(overrides)` does, to keep; what its sweep tells a job in `hydra` is set as values are.

        Raises:
            HydraException: If it cannot be composed, as Hydra itself would raise.
        """
        config = self._quickly(overrides, kept=True)
        return self._compose(overrides) if config is None else config

    def _quickly(self, overrides: Sequence[str], kept: bool = False) -> DictConfig | None:
        try:
            return self._put_together(self._parse(overrides), kept)
        except COMPOSITION_ERRORS:
            return None

    def _put_together(self, overrides: Sequence[Override], kept: bool) -> DictConfig | None:
        """Returns the configuration with these overrides; None where the quick way gains nothing or may not do."""
        told = [override for override in overrides if kept and _is_told(override)]
        values = [override for override in overrides if self._is_value(override)]
        others = [override for override in overrides if not self._is_value(override) and override not in told]
        groups = tuple(str(override.input_line) for override in others)
        if not values and not told:
            return None
        if groups not in self._by_groups:
            self._by_groups[groups] = _Composed.taken_apart(self._compose(list(groups)))
        composed = self._by_groups[groups]
        if composed.hydra.get("aliases"):  # of Hydra 1.4: what is typed is another key
            return None
        if kept and composed.hydra.job.env_copy:  # which is read anew for each job
            return None
        config = composed.whole() if kept else composed.without_hydra()
        if not kept:
            put_hydra(composed.hydra, config)
        apply_values([*values, *told], config)
        say_overrides(overrides, config)
        if told:  # behind all that Hydra itself was told
            config.hydra.overrides.hydra.extend([override.input_line for override in told])
        return config

    def _parse(self, overrides: Sequence[str]) -> list[Override]:
        """Parses what no other point had; a thousand points are put together from some dozens of texts."""
        new = [text for text in overrides if text not in self._parsed]
        self._parsed.update(zip(new, self._parser.parse_overrides(new), strict=True))
        return [self._parsed[text] for text in overrides]

    def _is_value(self, override: Override) -> bool:
        """Whether an override sets a value in the task's configuration: chooses no group and steers no Hydra."""
        if override.package is not None or override.is_hydra_override():
            return False
        return isinstance(override.value(), dict) or not self._is_group(override.key_or_group)

    def _is_group(self, key: str) -> bool:
        if key not in self._groups:
            self._groups[key] = bool(self._loader.get_group_options(key, results_filter=None))
        return self._groups[key]


@dataclass(frozen=True)
class _Composed:
    """What was composed for a choice of groups.

    Attributes:
        whole: Makes copies of it.
        without_hydra: Makes copies without Hydra's section.
        hydra: That section, which points may have in turn.
    """

    whole: Callable[[], DictConfig]
    without_hydra: Callable[[], DictConfig]
    hydra: DictConfig

    @classmethod
    def taken_apart(cls, config: DictConfig) -> _Composed:
        """Takes Hydra's section out of a configuration, in place."""
        whole = _copies(config)
        hydra = without_hydra(config).hydra
        return cls(whole, _copies(config), hydra)


@dataclass(frozen=True)
class JobComposer:
    """Composes the jobs of one sweep in whichever process they run, with what the jobs before were composed of.

    Attributes:
        sweep: A text that no other sweep has.
    """

    sweep: str = field(default_factory=lambda: uuid4().hex)

    def __call__(self, config: DictConfig, overrides: list[str], loader: ConfigLoader, compose: Compose) -> DictConfig:
        """Returns what `compose(overrides)` does.

        Args:
            config: The configuration of the sweep.
            overrides: Those of the job.
            loader: Hydra's loader.
            compose: Hydra's own way.
        """
        if _Here.sweep != self.sweep:
            _Here.sweep, _Here.composer = self.sweep, PointComposer(loader, compose)
        assert _Here.composer is not None
        composed = _Here.composer.job(overrides)
        OmegaConf.copy_cache(config, composed)
        return composed


class _Here:
    """What this process keeps of the sweep whose jobs it runs."""

    sweep: str | None = None
    composer: PointComposer | None = None


def _is_told(override: Override) -> bool:
    """Whether an override is what a sweep tells each of its jobs, which chooses no file."""
    key = override.key_or_group
    return override.package is None and (key in (FOLDER, ABOUT) or key.startswith(f"{ENVIRONMENT}."))


def _copies(config: DictConfig) -> Callable[[], DictConfig]:
    """Returns what makes copies; one that can be written is read back in an eighth of the time of a deep copy."""
    file = BytesIO()
    writer = _Writer(file, pickle.HIGHEST_PROTOCOL)
    try:
        writer.dump(config)
    except (pickle.PicklingError, AttributeError, TypeError):  # an object of the user's own
        return partial(copy.deepcopy, copy.deepcopy(config))
    return lambda: _Reader(file.getvalue(), list(writer.classes)).load()


class _Writer(pickle.Pickler):
    """Writes classes as numbers, for not all can be written by name.

    In a worker of joblib, Hydra imports its plugins anew for each job, and a class of theirs is no longer the one that
    has its name.
    """

    def __init__(self, file: BytesIO, protocol: int) -> None:
        super().__init__(file, protocol)
        self.classes: dict[type, int] = {}

    def persistent_id(self, obj: object) -> int | None:
        """Called for each object; None writes it whole."""
        return self.classes.setdefault(obj, len(self.classes)) if isinstance(obj, type) else None


class _Reader(pickle.Unpickler):
    """Reads what a writer wrote, with its classes."""

    def __init__(self, written: bytes, classes: Sequence[type]) -> None:
        super().__init__(BytesIO(written))
        self._classes = classes

    def persistent_load(self, number: int) -> type:
        """Called for each number."""
        return self._classes[number]

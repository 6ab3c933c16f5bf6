"""The resolved configuration of a run: two runs with the same are one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.hydra_internals import register_resolver
from d9d_lr.config.plain import marked
from d9d_lr.runs.canonical import canonical

_PLACES = ("runtime.output_dir", "runtime.cwd", "sweep.", "run.", "job.id")
"""Where Hydra says where and when something runs, which changes nothing about what is computed."""


def identity_of(config: DictConfig, section: str | None = None) -> str:
    """Returns a hash of a job's configuration with its interpolations resolved.

    A time, and a place that Hydra chooses for the run, count as they are written. 1, 1.0, true and "1" differ.

    Args:
        config: What the job gets, without Hydra's own section; Hydra's is looked up in `HydraConfig`.
        section: A section that does not count.
    """
    with _places_as_written():
        resolved = {name: value for name, value in marked(config).items() if name != section}
    return hashlib.sha256(canonical(resolved).encode()).hexdigest()[:16]


@contextmanager
def _places_as_written() -> Iterator[None]:
    register_resolver("now", lambda pattern: f"<now:{pattern}>")
    register_resolver("hydra", _hydra)
    try:
        yield
    finally:
        setup_globals()


def _hydra(key: str) -> Any:
    return f"<hydra:{key}>" if key.startswith(_PLACES) else OmegaConf.select(cast(DictConfig, HydraConfig.get()), key)

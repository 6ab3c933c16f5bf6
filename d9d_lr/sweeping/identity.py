"""The resolved configuration of a run: two runs with the same are one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, cast

from hydra.core.hydra_config import HydraConfig
from hydra.core.utils import setup_globals
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.hydra_internals import register_resolver
from d9d_lr.config.plain import marked
from d9d_lr.runs.canonical import canonical

_PLACES = ("runtime.output_dir", "runtime.cwd", "sweep.", "run.", "job.id")
"""Where Hydra says where and when something runs, which changes nothing about what is computed."""


_read: ContextVar[tuple[DictConfig, dict[str, Any]] | None] = ContextVar("_read", default=None)
"""The configuration that is being checked, and what it says."""


@contextmanager
def identified(config: DictConfig, section: str | None = None) -> Iterator[str]:
    """Yields a hash of a job's configuration with its interpolations resolved.

    A time, and a place that Hydra chooses for the run, count as they are written. 1, 1.0, true and "1" differ.

    What was read for it is known to `read_before` meanwhile.

    Args:
        config: What the job gets, without Hydra's own section; Hydra's is looked up in `HydraConfig`.
        section: A section that does not count.
    """
    with _places_as_written() as written:
        values = marked(config)
    resolved = {name: value for name, value in values.items() if name != section}
    before = _read.set(None if written else (config, values))
    try:
        yield hashlib.sha256(canonical(resolved).encode()).hexdigest()[:16]
    finally:
        _read.reset(before)


def read_before(config: DictConfig) -> dict[str, Any] | None:
    """Returns what a configuration says, if it is the one that is being checked and that was read for its identity."""
    known = _read.get()
    return known[1] if known and known[0] is config else None


@contextmanager
def _places_as_written() -> Iterator[list[str]]:
    """Yields a list that comes to name the times and places that were left as they are written."""
    written: list[str] = []

    def leave(said: str) -> str:
        written.append(said)
        return f"<{said}>"

    def hydra(key: str) -> Any:
        placed = key.startswith(_PLACES)
        return leave(f"hydra:{key}") if placed else OmegaConf.select(cast(DictConfig, HydraConfig.get()), key)

    register_resolver("now", lambda pattern: leave(f"now:{pattern}"))
    register_resolver("hydra", hydra)
    try:
        yield written
    finally:
        setup_globals()

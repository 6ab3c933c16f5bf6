"""Composing the packaged groups without an application."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.config_store import ConfigStore
from omegaconf import DictConfig

from d9d_lr.composing.hydra_errors import COMPOSITION_ERRORS, explain_hydra
from d9d_lr.composing.overrides import check_overrides
from d9d_lr.composing.paths import SCHEDULES_DIR
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.resolve_lr import resolve_lr
from d9d_lr.diagnostics.problems import ConfigError

_PRIMARY = "d9d_lr_compose"


def compose_lr(overrides: Sequence[str] = (), total_steps: int | None = None) -> PiecewiseConfig:
    """Composes the packaged schedule groups, as an application with `defaults: [lr: wsd]` would.

    Args:
        overrides: What one would type, such as `["lr=wsd", "lr.phases.0.steps=200"]`.
        total_steps: If given, the phases must also fit a run of that many steps.

    Returns:
        The validated, frozen config.

    Raises:
        ConfigError: With every problem found, each with its key as typed.
    """
    ConfigStore.instance().store(_PRIMARY, {"defaults": [{"lr": "wsd"}, "_self_"]}, provider="d9d_lr")
    section = compose_from(SCHEDULES_DIR, _PRIMARY, overrides).get("lr")
    return resolve_lr({} if section is None else section, total_steps)


def compose_from(config_dir: Path, config_name: str, overrides: Sequence[str]) -> DictConfig:
    """Composes a configuration from a folder, leaving an application around it as it was.

    Raises:
        ConfigError: If Hydra cannot compose it, with what to type instead.
    """
    check_overrides(overrides)
    with hydra_troubles(overrides), initialize_config_dir(str(config_dir), job_name="d9d_lr", version_base="1.3"):
        return compose(config_name, overrides=list(overrides))


@contextmanager
def hydra_troubles(overrides: Sequence[str]) -> Iterator[None]:
    """Turns what Hydra raises into a `ConfigError` that says what to type instead."""
    try:
        yield
    except ConfigError:
        raise
    except COMPOSITION_ERRORS as error:
        raise ConfigError(explain_hydra(error, overrides)) from error

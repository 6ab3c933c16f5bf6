"""Composing the packaged groups without an application."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from omegaconf import DictConfig

from d9d_lr.composing.application import Application
from d9d_lr.composing.every_problem import all_problems
from d9d_lr.composing.hydra_internals import opened, store
from d9d_lr.composing.overrides import check_overrides
from d9d_lr.composing.paths import SCHEDULES_DIR
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.resolve_lr import resolve_lr
from d9d_lr.diagnostics.problems import ConfigError

_PRIMARY = "d9d_lr_compose"

T = TypeVar("T")


def compose_lr(overrides: Sequence[str] = (), total_steps: int | None = None) -> PiecewiseConfig:
    """Composes the packaged schedule groups, as an application with `defaults: [lr: wsd]` would.

    It may be called where Hydra is running: in a job of `@hydra.main`, or in a notebook.

    Args:
        overrides: What one would type, such as `["lr=wsd", "lr.phases.0.steps=200"]`.
        total_steps: If given, the phases must also fit a run of that many steps.

    Returns:
        The validated, frozen config.

    Raises:
        ConfigError: With every problem found, each with its key as typed.
    """
    store(_PRIMARY, {"defaults": [{"lr": "wsd"}, "_self_"]})

    def section(config: DictConfig) -> PiecewiseConfig:
        lr = config.get("lr")
        return resolve_lr({} if lr is None else lr, total_steps)

    return compose_checked(SCHEDULES_DIR, _PRIMARY, overrides, section)


def compose_checked(
    config_dir: Path, config_name: str, overrides: Sequence[str], check: Callable[[DictConfig], T]
) -> T:
    """Composes a configuration from a folder and validates it.

    Raises:
        ConfigError: If it cannot be composed or is not valid, with what to type instead.
    """
    with opened(config_dir, "d9d_lr"):
        application = Application(config_name)
        try:
            check_overrides(overrides)
            return check(application.compose(overrides))
        except ConfigError as error:
            raise ConfigError(all_problems(application, overrides, check) or error.problems) from error

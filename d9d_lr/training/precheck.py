"""Refusing what cannot run before Hydra makes, or writes into, a run folder: a single run, a point of a sweep.

Hydra imports this to show a configuration too, which is to cost neither Pydantic nor numpy.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from d9d_lr.composing.cli import Refusal
from d9d_lr.composing.overrides import check_single_run
from d9d_lr.diagnostics.problems import ConfigError, RunError

if TYPE_CHECKING:
    from d9d_lr.sweeping.checker import RunPreview


class CheckBeforeRun(Callback):
    """Checks a single run; Hydra calls it before the folder of the run exists."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Ends the run, with everything that is wrong, if it cannot start."""
        from d9d_lr.tracking.open import check_installed
        from d9d_lr.training.resolve import resolve_settings

        try:
            check_single_run(config, sys.argv[1:])
            settings = resolve_settings(config)
            check_installed(settings.tracker)

            from d9d_lr.training.environment import check_environment

            check_environment(settings, Path(config.hydra.run.dir))
        except (ConfigError, RunError, OSError) as error:
            raise Refusal(error) from None


def check_point(config: DictConfig) -> RunPreview:
    """Checks a point of a sweep before the first one starts: the entrypoint's `hydra.sweeper.check`.

    Raises:
        ConfigError: If it cannot run.
    """
    from d9d_lr.training.preview import previewed

    return previewed(config)

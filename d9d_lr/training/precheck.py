"""Refusing what cannot run before Hydra makes, or writes into, a run folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from d9d_lr.composing.cli import Refusal
from d9d_lr.composing.overrides import check_single_run
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.tracking.open import check_installed
from d9d_lr.training.resolve import resolve_settings


class CheckBeforeRun(Callback):
    """Checks a single run; Hydra calls it before the folder of the run exists."""

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Ends the run, with everything that is wrong, if it cannot start."""
        try:
            check_single_run(config, sys.argv[1:])
            settings = resolve_settings(config)
            check_installed(settings.tracker)

            from d9d_lr.training.environment import check_environment

            check_environment(settings, Path(config.hydra.run.dir))
        except (ConfigError, RunError, OSError) as error:
            raise Refusal(error) from None

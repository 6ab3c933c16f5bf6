"""Refusing what cannot run before Hydra makes, or writes into, a run folder."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.tracking.open import check_installed
from d9d_lr.training.resolve import resolve_settings


class CheckBeforeRun(Callback):
    """Checks a single run; Hydra calls it before the folder of the run exists.

    Hydra turns exceptions of a callback into warnings, so a refusal leaves by `SystemExit`.
    """

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Tells every problem on standard error and exits, with status 2 or 1, if the run cannot start."""
        try:
            settings = resolve_settings(config)
            check_installed(settings.tracker)

            from d9d_lr.training.environment import check_environment

            check_environment(settings, Path(config.hydra.run.dir))
        except (ConfigError, RunError, OSError) as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(2 if isinstance(error, ConfigError) else 1) from None

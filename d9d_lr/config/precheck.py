"""Refusing a bad configuration before Hydra makes a run folder."""

from __future__ import annotations

import sys
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from d9d_lr.config.resolve_settings import resolve_settings
from d9d_lr.problems import ConfigError


class CheckBeforeRun(Callback):
    """Validates a single run; Hydra calls it before the folder of the run exists.

    Hydra turns exceptions of a callback into warnings, so a refusal leaves by `SystemExit`.
    """

    def on_run_start(self, config: DictConfig, **_: Any) -> None:
        """Exits with status 2, after telling every problem on standard error, if the configuration cannot be used."""
        try:
            resolve_settings(config)
        except ConfigError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(2) from None

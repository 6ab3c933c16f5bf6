"""Gives every Hydra application the config groups below `lr/` and the sweeper `checked`, and nothing else."""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from d9d_lr.composing.paths import SCHEDULES_DIR, SWEEPER_DIR


class D9dLrSearchPath(SearchPathPlugin):
    """Appends what is packaged, so that an application's own files come first."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra for every application."""
        for folder in (SCHEDULES_DIR, SWEEPER_DIR):
            search_path.append(provider="d9d_lr", path=f"file://{folder}")

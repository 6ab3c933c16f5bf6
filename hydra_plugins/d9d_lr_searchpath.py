"""Gives every Hydra application the config groups below `lr/`, and nothing else."""

from __future__ import annotations

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from d9d_lr.composing.paths import SCHEDULES_DIR


class D9dLrSearchPath(SearchPathPlugin):
    """Appends the packaged schedules, so that an application's own `lr/` files come first."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra for every application."""
        search_path.append(provider="d9d_lr", path=f"file://{SCHEDULES_DIR}")

"""Gives every Hydra application the config groups below `lr/` and the sweeper `checked`, and nothing else.

Hydra imports this module for every application, so it imports nothing heavy.
"""

from __future__ import annotations

import sys

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin

from d9d_lr.composing.lr_key import takes_schedules
from d9d_lr.composing.paths import SCHEDULES_DIR, SWEEPER_DIR


class D9dLrSearchPath(SearchPathPlugin):
    """Appends what is packaged, so that an application's own files come first."""

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Called by Hydra for every application; one with a plain key `lr` of its own keeps it."""
        if takes_schedules(search_path, sys.argv[1:]):
            search_path.append(provider="d9d_lr", path=f"file://{SCHEDULES_DIR}")
        search_path.append(provider="d9d_lr", path=f"file://{SWEEPER_DIR}")

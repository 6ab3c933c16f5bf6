"""Where the packaged configuration lies: inside an installed package, or beside it in a checkout."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent.parent


def _data_dir(name: str) -> Path:
    inside = _PACKAGE / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


CONF_DIR = _data_dir("conf")
"""Holds `schedules/` and `sweeper/` (what every Hydra application gets) and `app/` (the training entrypoint's own)."""

SCHEDULES_DIR = CONF_DIR / "schedules"
SWEEPER_DIR = CONF_DIR / "sweeper"
APP_DIR = CONF_DIR / "app"

SWEEPS_DIR = _data_dir("sweeps")
"""One primary config for each research question."""


def searched(config_dir: Path) -> Path:
    """Returns the folder that `--config-dir` means: `sweeps` is the packaged one where there is no such folder here."""
    return SWEEPS_DIR if config_dir == Path("sweeps") and not config_dir.exists() else config_dir.resolve()

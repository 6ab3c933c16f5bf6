"""Checking the configuration of an application of the user's own: whatever composes there, and its schedules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from d9d_lr.checking.files import PHASE_GROUPS, Checked, options_in
from d9d_lr.composing.application import Application, open_application
from d9d_lr.composing.own_application import asked_schedules, length_of
from d9d_lr.composing.unreadable import unreadable
from d9d_lr.config.plain import plain
from d9d_lr.config.resolve_lr import resolve_lr
from d9d_lr.diagnostics.problems import ConfigError, Problem


def check_own(folder: Path, config_name: str, key: str | None, total_steps: str | None) -> Iterator[Checked]:
    """Composes the primary config, each whole schedule in `lr/` and each file in `experiment/`, and validates them.

    Args:
        folder: The application's folder.
        config_name: Its primary config.
        key: The schedule's key; None validates every schedule that there is.
        total_steps: The length of the run, or the key that holds it; None looks for it.
    """
    files: list[tuple[Path, tuple[str, ...]]] = [(folder / f"{config_name}.yaml", ())]
    presets = [
        (file, name) for file, name in options_in(folder / "lr") if name.split("/")[0] not in (*PHASE_GROUPS, "curve")
    ]
    files += [(file, (f"lr={name}",)) for file, name in presets]
    files += [(file, (f"+experiment={name}",)) for file, name in options_in(folder / "experiment")]
    with open_application(folder, config_name, may_be_own=True) as application:
        for file, overrides in files:
            problem = unreadable(file)
            found = [problem] if problem else _problems(application, overrides, key, total_steps)
            yield Checked(file, tuple(found))


def _problems(
    application: Application, overrides: Sequence[str], key: str | None, total_steps: str | None
) -> list[Problem]:
    try:
        composed = application.compose(overrides)
        steps = _length(composed, total_steps)
        keys = asked_schedules(composed, key)
    except ConfigError as error:
        return list(error.problems)
    return [problem for one in keys for problem in _problems_of_schedule(composed, one, steps)]


def _problems_of_schedule(composed: DictConfig, key: str, total_steps: int | None) -> list[Problem]:
    try:
        resolve_lr(plain(OmegaConf.select(composed, key), key), total_steps, key=key)
    except ConfigError as error:
        return list(error.problems)
    return []


def _length(composed: DictConfig, asked: str | None) -> int | None:
    """Returns None where the length of a run is not in the configuration: the phases are then not measured."""
    try:
        return length_of(composed, asked)
    except ConfigError:
        if asked is not None:
            raise
        return None

"""Composing and validating every configuration file there is: presets, phase groups, experiments, sweeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from d9d_lr.composing.application import open_application
from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR, SWEEPS_DIR
from d9d_lr.composing.unreadable import unreadable
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.sweeping.plan import points_of
from d9d_lr.training.resolve import resolve_settings

PHASE_GROUPS = {"warmup": "0", "hold": "1", "decay": "2"}
"""Where an option of each group stands in the schedule `wsd`, in which it is tried out."""


@dataclass(frozen=True)
class Checked:
    """What came of one file.

    Attributes:
        file: The file.
        problems: Everything that is wrong with it.
        note: Why it was not checked; empty if it was.
    """

    file: Path
    problems: tuple[Problem, ...] = ()
    note: str = ""


def check_all(config_dir: Path | None = None) -> Iterator[Checked]:
    """Checks the packaged files, and those of the user's own folder.

    Args:
        config_dir: The user's folder, as for `--config-dir`.

    Raises:
        ConfigError: If the folder does not exist.
    """
    with open_application(config_dir):
        pass  # refuses a folder that is not there
    yield from _presets(SCHEDULES_DIR, None)
    yield from _experiments(APP_DIR, None)
    yield from _sweeps(SWEEPS_DIR)
    if config_dir is not None:
        yield from _presets(config_dir, config_dir)
        yield from _experiments(config_dir, config_dir)
        yield from _sweeps(config_dir)
        yield from _sweeps_below(config_dir)


def _presets(folder: Path, config_dir: Path | None) -> Iterator[Checked]:
    for file, name in options_in(folder / "lr"):
        if name.split("/")[0] not in (*PHASE_GROUPS, "curve"):
            hidden = _hidden(file, SCHEDULES_DIR / "lr" / name, config_dir)
            yield hidden or _check(file, config_dir, "config", _use(file, name))
    places = {f"lr/{group}": f"lr/{group}@lr.phases.{position}" for group, position in PHASE_GROUPS.items()}
    for group, place in {**places, "lr/curve": "lr/curve@lr.phases.2.curve"}.items():
        for file, name in options_in(folder / group):
            overrides = [f"{place}={name}"]
            if place.endswith(".0") and name != "none":
                overrides.append("train.total_steps=1000000")  # room for a warmup of any length
            yield _hidden(file, SCHEDULES_DIR / group / name, config_dir) or _check(
                file, config_dir, "config", overrides
            )


def _experiments(folder: Path, config_dir: Path | None) -> Iterator[Checked]:
    for file, name in options_in(folder / "experiment"):
        hidden = _hidden(file, APP_DIR / "experiment" / name, config_dir)
        yield hidden or _check(file, config_dir, "config", [f"+experiment={name}"])


def _sweeps(folder: Path) -> Iterator[Checked]:
    for file in sorted(folder.glob("*.yaml")):
        problem = unreadable(file)
        if problem:
            yield Checked(file, (problem,))
        elif not _is_primary(yaml.safe_load(file.read_bytes())):
            yield Checked(file, note="it is no primary config: `config` is not in its defaults")
        else:
            yield _check(file, folder, file.stem, [])


def _sweeps_below(config_dir: Path) -> Iterator[Checked]:
    """Checks a user's sweeps/, laid out as the packaged one: each file is run with `-cd sweeps -cn NAME`."""
    below = config_dir / "sweeps"
    if below.is_dir() and below.resolve() != SWEEPS_DIR.resolve():
        yield from _sweeps(below)


def _check(file: Path, config_dir: Path | None, config_name: str, overrides: list[str]) -> Checked:
    """Composes and validates every point that a file stands for, each problem reported once."""
    problem = unreadable(file)
    if problem:
        return Checked(file, (problem,))
    found: dict[str, Problem] = {}

    def collect(check: Callable[[], Any]) -> Any:
        try:
            return check()
        except ConfigError as error:
            found.update({str(problem): problem for problem in error.problems})
            return None

    with open_application(config_dir, config_name) as application:
        for point in collect(lambda: points_of(application, overrides)) or []:
            typed = point.overrides
            collect(lambda typed=typed: resolve_settings(application.compose(typed)))  # type: ignore[misc]
    return Checked(file, tuple(found.values()))


def options_in(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yields the files of a group, with the name that each is chosen by."""
    for file in sorted(folder.rglob("*.yaml")):
        yield file, file.relative_to(folder).with_suffix("").as_posix()


def _use(file: Path, name: str) -> list[str]:
    """Returns what the first line of a preset says is typed to use it, for presets that want numbers or a stretch."""
    _, _, typed = file.read_text(errors="replace").partition("\n")[0].partition(" Use: ")
    words = typed.split()
    named = any(word.startswith(("lr=", "+lr@")) and word.endswith(f"={name}") for word in words)
    return words if named else [f"lr={name}"]


def _hidden(file: Path, packaged: Path, config_dir: Path | None) -> Checked | None:
    other = packaged.with_name(file.name)
    if config_dir is None or not other.exists() or other.samefile(file):
        return None
    message = f"is never used: the packaged {other.parent.name}/{file.name} is found first"
    return Checked(file, (Problem("", message, "give it another name"),))


def _is_primary(content: dict[str, Any] | None) -> bool:
    content = content or {}
    defaults = content.get("defaults")
    return "hydra" in content or (isinstance(defaults, list) and "config" in defaults)

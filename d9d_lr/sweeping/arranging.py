"""Arranging the points that are left of a sweep, with what there is on the disk to begin from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.runs.record import record_or_folders
from d9d_lr.sweeping.branches import Kept, all_folders, branch_folders, is_completed, kept_in, kept_of
from d9d_lr.sweeping.checker import Checker
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.settings import SweepConfig
from d9d_lr.sweeping.sharing import Sharing, each_alone, shared
from d9d_lr.sweeping.tree import Course


def arranged(
    todo: Sequence[CheckedPoint],
    done: Sequence[CheckedPoint],
    sweep_folder: Path,
    settings: SweepConfig,
    check: Checker,
) -> Sharing:
    """Arranges the points that are to run, so that each distinct step is trained once if the sweep wants that.

    Args:
        todo: The points that are to run.
        done: Those that completed before.
        sweep_folder: The sweep's folder.
        settings: How the sweep goes.
        check: The application's check, which says of a stored configuration what its run did.
    """
    if not settings.share_prefixes:
        return each_alone(todo)
    if not any(point.course for point in todo):
        return shared(todo, sweep_folder, [])

    def course_of(stored: Mapping[str, Any]) -> Course | None:
        try:
            return check(OmegaConf.create(dict(stored))).course
        except ConfigError:
            return None

    here = {point.folder for point in (*todo, *done)}
    record = record_or_folders(sweep_folder)
    earlier = [sweep_folder / point.folder for point in record.points if point.folder not in here]
    named = [folder for place in settings.reuse for folder in all_folders(Path(place).absolute())]
    others = [*branch_folders(sweep_folder), *filter(is_completed, earlier), *named]
    there: list[Kept] = [kept_of(sweep_folder / point.folder, point.course) for point in done if point.course]
    return shared(todo, sweep_folder, [*there, *kept_in(others, course_of)])

"""Checkpoints on the disk from which points of a sweep can begin: which there are, and which agree with a point.

What a folder's run did is judged by its configuration here, before anything starts. A job that begins from one of its
checkpoints looks once more, at what the checkpoint itself says of all steps before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.folders import RunFolder, SweepFolder, run_folders_below, step_of
from d9d_lr.runs.results import read_result
from d9d_lr.runs.states import stored_config
from d9d_lr.sweeping.checker import Checker, stored_preview
from d9d_lr.sweeping.standing import Standing
from d9d_lr.sweeping.sweep import Sweep
from d9d_lr.sweeping.tree import Course, agreeing_steps


@dataclass(frozen=True)
class Kept:
    """The checkpoints of one run folder.

    Attributes:
        course: What its run does.
        checkpoints: Where they are, by step.
    """

    course: Course
    checkpoints: Mapping[int, Path]

    def deepest(self, course: Course, limit: int) -> tuple[int, Path] | None:
        """Returns the last one up to a step that another run agrees with and can begin from; None if there is none.

        Beside it there must be the checkpoints on the way that the other run would have left before.
        """
        if course.family != self.course.family:
            return None
        agreeing = min(limit, agreeing_steps(course, self.course))
        steps = [
            step
            for step in self.checkpoints
            if step <= agreeing and self.checkpoints.keys() >= set(course.on_the_way.held_at(step))
        ]
        return (max(steps), self.checkpoints[max(steps)]) if steps else None


def kept_for(sweep: Sweep, standing: Standing) -> Iterator[Kept]:
    """Yields what there is for the points of a sweep to begin from: in its own folder, and in those it may reuse."""
    for point in standing.completed:
        if point.preview.course:
            yield Kept(point.preview.course, dict(_checkpoints(sweep.folder / point.folder)))
    here = {point.folder for point in (*standing.left, *standing.completed)}
    earlier = [sweep.folder / point.folder for point in sweep.recorded.points if point.folder not in here]
    reused = [folder for place in sweep.settings.reuse for folder in _all_folders(Path(place).absolute())]
    for folder in (*_branch_folders(sweep.folder), *filter(is_completed, earlier), *reused):
        if kept := _stored(folder, sweep.check):
            yield kept


def _stored(folder: Path, check: Checker) -> Kept | None:
    """Returns what there is in a run folder, by its stored configuration."""
    checkpoints = dict(_checkpoints(folder))
    config = stored_config(folder) if checkpoints else None
    preview = stored_preview(check, config) if config else None
    return Kept(preview.course, checkpoints) if preview and preview.course else None


def deepest(kept: Iterable[Kept], course: Course, limit: int) -> tuple[int, Path] | None:
    """Returns the last checkpoint up to a step that a run agrees with, among those of many runs."""
    found = [one for each in kept if (one := each.deepest(course, limit))]
    return max(found, key=lambda one: one[0], default=None)


def _branch_folders(sweep_folder: Path) -> list[Path]:
    """Returns the run folders of trunks that a sweep left."""
    return sorted(path for path in SweepFolder(sweep_folder).branches.glob("*") if path.is_dir())


def _all_folders(place: Path) -> Iterator[Path]:
    """Yields the run folders below a folder, those of trunks included."""
    yield from run_folders_below(place)
    for hidden in sorted(place.rglob(SweepFolder(place).hidden.name)):
        yield from _branch_folders(hidden.parent)


def has_begun(folder: Path) -> bool:
    """Whether a run folder has a checkpoint of its own to go on from."""
    files = RunFolder(folder)
    return files.checkpoint.exists() or bool(files.checkpoints_on_the_way())


def is_completed(folder: Path) -> bool:
    """Whether the run of a folder did what it was to do."""
    return _steps_completed(folder) is not None


def _checkpoints(folder: Path) -> Iterator[tuple[int, Path]]:
    files = RunFolder(folder)
    for path in files.checkpoints_on_the_way():
        yield step_of(path) or 0, path
    steps = _steps_completed(folder)
    if steps is not None and files.checkpoint.exists():
        yield steps, files.checkpoint


def _steps_completed(folder: Path) -> int | None:
    try:
        result = read_result(folder)
    except RunError:
        return None
    return result.steps if result and result.status == "completed" else None

"""A start of a sweep in which each distinct step is trained once: which jobs there are, and in which order.

The steps that points share are trained by trunks, each in a run folder below `.sweep/branches`. A point begins from the
checkpoint of a trunk, or from one that lies on the disk already, as a run does that goes on; so its folder holds in the
end what it would hold if it had trained everything itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from d9d_lr.runs.folders import RunFolder, SweepFolder, run_folder_of
from d9d_lr.sweeping.branches import Kept, deepest, has_begun, kept_for
from d9d_lr.sweeping.portion import Portion
from d9d_lr.sweeping.preflight import CheckedPoint
from d9d_lr.sweeping.standing import Standing
from d9d_lr.sweeping.sweep import Sweep
from d9d_lr.sweeping.tree import Course, Segment, trees_of, worth_sharing
from d9d_lr.sweeping.trunks import Parting, Trunk, grove_of


@dataclass(frozen=True)
class Start:
    """Where a job begins.

    Attributes:
        step: The step; 0 if it begins by itself.
        path: The checkpoint; None at step 0.
        trunk: The folder of the trunk that is to leave it; None if it is there.
    """

    step: int = 0
    path: Path | None = None
    trunk: str | None = None


@dataclass(frozen=True)
class Sharing:
    """The jobs of a start.

    Attributes:
        trees: The first segments of all families, as far as they are trained apart.
        trunks: The jobs that others begin from, each behind the one that it begins from itself.
        points: The points, as they were given, with where each begins.
        starts: Where jobs begin, by their folders.
        unknown: How many points are trained whole for what nobody knows of them, by what that is.
    """

    trees: Sequence[Segment]
    trunks: Sequence[CheckedPoint]
    points: Sequence[CheckedPoint]
    starts: Mapping[str, Start]
    unknown: Mapping[str, int]

    @property
    def jobs(self) -> list[CheckedPoint]:
        """All jobs."""
        return [*self.trunks, *self.points]

    def waves(self) -> Iterator[list[CheckedPoint]]:
        """Yields jobs that can run at once, when all before them have ended."""
        wave: dict[str, int] = {}
        for trunk in self.trunks:
            before = self.starts[trunk.folder].trunk
            wave[trunk.folder] = wave[before] + 1 if before else 0
        for number in range(max(wave.values(), default=-1) + 1):
            yield [trunk for trunk in self.trunks if wave[trunk.folder] == number]
        yield list(self.points)

    def in_order(self) -> list[CheckedPoint]:
        """Returns all jobs in the order in which they can begin if nothing keeps them; each names what it waits for."""

        def ready(job: CheckedPoint) -> tuple[int, bool, int]:
            start = self.starts[job.folder]
            return start.step if start.trunk else 0, not job.portion.saves, start.step - job.steps

        awaits = {folder: PurePath(start.trunk).name for folder, start in self.starts.items() if start.trunk}
        return [
            replace(job, portion=replace(job.portion, awaits=awaits.get(job.folder)))
            for job in sorted(self.jobs, key=ready)
        ]

    def steps_to_train(self) -> int:
        """Returns how many steps the jobs train, all together."""
        ends = {job.folder: job.portion.saves[-1] if job.portion.saves else job.steps for job in self.jobs}
        return sum(end - self.starts[folder].step for folder, end in ends.items())

    def begun_elsewhere(self) -> dict[Path, int]:
        """Returns how many jobs begin from each run folder that is there already."""
        folders = [run_folder_of(start.path) for start in self.starts.values() if start.path and not start.trunk]
        return {folder: folders.count(folder) for folder in dict.fromkeys(folders)}


def arranged(sweep: Sweep, standing: Standing) -> Sharing:
    """Arranges the points that are to run, so that each distinct step is trained once if the sweep wants that."""
    todo = standing.left
    if not sweep.settings.share_prefixes:
        return Sharing([], [], todo, {point.folder: Start() for point in todo}, {})
    kept = list(kept_for(sweep, standing)) if any(point.preview.course for point in todo) else []
    return _shared(todo, sweep.folder, kept)


def _shared(points: Sequence[CheckedPoint], sweep_folder: Path, kept: Sequence[Kept]) -> Sharing:
    """Arranges points so that each distinct step is trained once.

    Args:
        points: The points that are to run. One that has a checkpoint of its own goes on from there.
        sweep_folder: The sweep's folder.
        kept: What there is on the disk to begin from.
    """
    courses = {
        point.folder: course
        for point in points
        if (course := point.preview.course) and not has_begun(sweep_folder / point.folder)
    }
    trees = worth_sharing(trees_of(list(courses.items())))
    grove = grove_of(trees, courses)
    by_folder = {point.folder: point for point in points}
    trunks: list[CheckedPoint] = []
    starts: dict[str, Start] = {}
    for trunk in grove.trunks:
        course = courses[trunk.point]
        saves = tuple(step for step in trunk.saves if _found(kept, course, step).step < step)
        if saves:
            job = _job_of(trunk, saves, by_folder[trunk.point], sweep_folder)
            starts[job.folder] = _start(kept, course, saves[0], trunk.begin, sweep_folder)
            trunks.append(replace(job, portion=Portion(starts[job.folder].path, saves)))
    for name in by_folder:
        known = courses.get(name)
        starts[name] = (
            _start(kept, known, known.total_steps, grove.partings.get(name), sweep_folder) if known else Start()
        )
    begun = [replace(point, portion=Portion(starts[point.folder].path)) for point in points]
    return Sharing(
        trees, trunks, begun, starts, Counter(point.preview.unknown for point in points if point.preview.unknown)
    )


def _job_of(trunk: Trunk, saves: tuple[int, ...], point: CheckedPoint, sweep_folder: Path) -> CheckedPoint:
    folder = _folder(trunk, sweep_folder).relative_to(sweep_folder)
    return replace(point, folder=str(folder), fingerprint=trunk.name, portion=Portion(None, saves))


def _start(kept: Sequence[Kept], course: Course, limit: int, parting: Parting | None, sweep_folder: Path) -> Start:
    """Returns where a job begins: from what is there, or from a trunk if that leads it further."""
    found = _found(kept, course, limit)
    if parting is None or found.step >= parting.step:
        return found
    folder = _folder(parting.trunk, sweep_folder)
    path = RunFolder(folder).checkpoint_after(parting.step)
    return Start(parting.step, path, str(folder.relative_to(sweep_folder)))


def _found(kept: Sequence[Kept], course: Course, limit: int) -> Start:
    return Start(*found) if (found := deepest(kept, course, limit)) else Start()


def _folder(trunk: Trunk, sweep_folder: Path) -> Path:
    return SweepFolder(sweep_folder).branches / trunk.name

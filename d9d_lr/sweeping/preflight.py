"""Checking every point of a sweep as its job would, before the first one starts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import PurePath

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf, read_write
from omegaconf.errors import OmegaConfBaseException

from d9d_lr.composing.hydra_errors import explain_hydra
from d9d_lr.composing.hydra_internals import without_hydra
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.runs.record import RecordedPrediction
from d9d_lr.sweeping.checker import Checker, RunPreview
from d9d_lr.sweeping.composer import Compose
from d9d_lr.sweeping.folders import unique_names
from d9d_lr.sweeping.identity import identity_of
from d9d_lr.sweeping.plan import Point
from d9d_lr.sweeping.portion import WHOLE, Portion


@dataclass(frozen=True)
class CheckedPoint(Point):
    """A point that can run.

    Attributes:
        identity: A hash of its resolved configuration.
        fingerprint: What it computes; that hash, where its application has no other.
        preview: What its application says of it.
        predicted: What a law says of it; None if it was not asked, or cannot tell.
        same_as: The folder of an earlier point that computes the same; None if there is none.
        portion: What of its run its job does.
    """

    identity: str
    fingerprint: str
    preview: RunPreview
    predicted: RecordedPrediction | None = None
    same_as: str | None = None
    portion: Portion = WHOLE

    @property
    def steps(self) -> int:
        """The steps that its run does; fewer than it is long where it ends before its schedule does."""
        course = self.preview.course
        return course.total_steps if course else self.preview.total_steps

    @property
    def name(self) -> str:
        """The name of its folder, without the folders above."""
        return PurePath(self.folder).name


@dataclass(frozen=True)
class BadPoint:
    """A point that cannot run, and why."""

    point: Point
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Preflight:
    """What came of checking all points.

    Attributes:
        good: The points that can run, each configuration once.
        bad: Those that cannot.
        repeated: The points whose configuration an earlier point has, and the folder of that one.
    """

    good: tuple[CheckedPoint, ...]
    bad: tuple[BadPoint, ...]
    repeated: tuple[tuple[Point, str], ...]


def check_points(
    points: Sequence[Point],
    compose: Compose,
    check: Checker,
    *,
    section: str | None = None,
    recorded: Mapping[str, str] | None = None,
) -> Preflight:
    """Composes and validates every point, once.

    Args:
        points: The points.
        compose: What Hydra would do for a job.
        check: The application's own check.
        section: The section that steers the sweep, which is no part of what a point is.
        recorded: The folders of points of earlier starts, by the identity of each.
    """
    good: dict[str, CheckedPoint] = {}
    bad: list[BadPoint] = []
    repeated: list[tuple[Point, str]] = []
    for point in points:
        try:
            checked = _checked(point, compose, check, section)
        except ConfigError as error:
            bad.append(BadPoint(point, error.problems))
            continue
        first = good.setdefault(checked.identity, checked)
        if first is not checked:
            repeated.append((point, first.identity))
    named = dict(zip(good, _named(list(good.values()), recorded or {}), strict=True))
    return Preflight(
        tuple(named.values()), tuple(bad), tuple((point, named[identity].folder) for point, identity in repeated)
    )


def _checked(point: Point, compose: Compose, check: Checker, section: str | None) -> CheckedPoint:
    try:
        config = compose(point.overrides)
    except (HydraException, OmegaConfBaseException, TypeError, ValueError) as error:
        raise ConfigError(explain_hydra(error, point.overrides)) from error
    with _as_in_job(config, point.number) as given:
        preview = check(given)
        identity = identity_of(given, section)
    return CheckedPoint(**vars(point), identity=identity, fingerprint=preview.fingerprint or identity, preview=preview)


def _named(points: Sequence[CheckedPoint], recorded: Mapping[str, str]) -> Iterator[CheckedPoint]:
    """Gives each point a folder of its own, the one that it has already if it has one; says which compute the same."""
    first: dict[str, str] = {}
    named = [(recorded.get(point.identity, point.folder), point.identity) for point in points]
    for point, folder in zip(points, unique_names(named), strict=True):
        yield replace(point, folder=folder, same_as=first.get(point.fingerprint))
        first.setdefault(point.fingerprint, folder)


@contextmanager
def _as_in_job(config: DictConfig, number: int) -> Iterator[DictConfig]:
    """Yields what the job will get: the configuration without Hydra's section, which `${hydra:...}` finds elsewhere."""
    job = config.hydra.job
    with read_write(job):
        job.id, job.num = str(number), number
    root = without_hydra(config)
    OmegaConf.set_struct(config, True)
    holder = HydraConfig.instance()
    before = holder.cfg
    holder.cfg = root  # type: ignore[assignment]  # as HydraConfig.set_config does, which copies it
    try:
        yield config
    finally:
        holder.cfg = before

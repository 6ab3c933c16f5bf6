"""Which runs to make so that each distinct step of a sweep is trained once: trunks, and the points that begin there.

A trunk is a run of the steps that several points share, and leaves a checkpoint wherever points, or other trunks, part
from it. It follows one point for as long as that shares its steps, so a tree needs few trunks: where two could go on
from a step, the longer one does, and the other one begins there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from d9d_lr.sweeping.tree import Course, Segment


@dataclass(frozen=True)
class Trunk:
    """A run whose steps several points share.

    Attributes:
        name: The name of its folder: what it does, as a hash.
        point: A point that it follows to its end.
        saves: The steps after which others begin.
        begin: Where it begins; None for step 0.
    """

    name: str
    point: str
    saves: tuple[int, ...]
    begin: Parting | None = None

    @property
    def depth(self) -> int:
        """The number of trunks that must be there before it."""
        return self.begin.trunk.depth + 1 if self.begin else 0


@dataclass(frozen=True)
class Parting:
    """A step at which others begin from a trunk."""

    trunk: Trunk
    step: int


@dataclass(frozen=True)
class Grove:
    """All trunks, and where each point begins.

    Attributes:
        trunks: The trunks; each comes after the one that it begins from.
        partings: Where points begin, by name; points that share no step are not there.
    """

    trunks: tuple[Trunk, ...]
    partings: Mapping[str, Parting]


def grove_of(trees: Sequence[Segment], courses: Mapping[str, Course]) -> Grove:
    """Returns the trunks of trees of segments."""
    trunks: list[Trunk] = []
    partings: dict[str, Parting] = {}
    shared = _shared_lengths(trees)
    waiting: list[tuple[Segment, Parting | None]] = [(tree, None) for tree in reversed(trees)]
    while waiting:
        segment, begin = waiting.pop()
        if id(segment) not in shared:
            if begin:
                partings[segment.ends[0]] = begin
            continue
        path = _longest(segment, shared)
        point = _any_point(path[-1])
        saves = tuple(each.end for each in path)
        trunk = Trunk(_name(courses[point], saves[-1]), point, saves, begin)
        trunks.append(trunk)
        followed = set(map(id, path))
        for each in path:
            parting = Parting(trunk, each.end)
            partings.update(dict.fromkeys(each.ends, parting))
            waiting += [(child, parting) for child in reversed(each.children) if id(child) not in followed]
    return Grove(tuple(trunks), partings)


def _shared_lengths(trees: Sequence[Segment]) -> dict[int, int]:
    """Returns, for each segment that several points pass through, the most shared steps from there on."""
    points: dict[int, int] = {}
    lengths: dict[int, int] = {}
    for tree in trees:
        for segment in reversed([each for _, each in tree.walk()]):
            points[id(segment)] = len(segment.ends) + sum(points[id(child)] for child in segment.children)
            if points[id(segment)] > 1:
                below = max((lengths.get(id(child), 0) for child in segment.children), default=0)
                lengths[id(segment)] = segment.end - segment.start + below
    return lengths


def _longest(segment: Segment, shared: Mapping[int, int]) -> list[Segment]:
    """Returns the segments of the longest trunk that begins with one."""
    path = [segment]
    while onward := [child for child in path[-1].children if id(child) in shared]:
        path.append(max(onward, key=lambda child: shared[id(child)]))
    return path


def _any_point(segment: Segment) -> str:
    while not segment.ends:
        segment = segment.children[0]
    return segment.ends[0]


def _name(course: Course, end: int) -> str:
    """Returns a name that two trunks share exactly if they do the same."""
    digest = hashlib.sha256(course.family.encode() + b"\0" + course.bits[: 8 * end]).hexdigest()
    return f"to-{end}-{digest[:16]}"

"""The steps that the points of a sweep share: runs of one family are the same run for as long as their values agree.

Values are compared as bits and step by step, not as they are written: a hold until 0.8 of 1 000 steps and a hold of
700 steps after a warmup of 100 have one beginning.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from d9d_lr.runs.on_the_way import NOTHING_ON_THE_WAY, OnTheWay

LEAST_SAVED = 0.01
"""The part of its points' steps that a shared segment must save to be trained apart."""


@dataclass(frozen=True)
class Course:
    """What a run does from step to step, as far as that is known before it starts.

    Attributes:
        family: Runs of one family do the same wherever their values agree.
        values: The scheduled value for each of some steps.
        total_steps: Steps of the run.
        on_the_way: How it is saved on its way; what begins from another run takes over what that saved.
    """

    family: str
    values: Callable[[ArrayLike], NDArray[np.float64]]
    total_steps: int
    on_the_way: OnTheWay = NOTHING_ON_THE_WAY

    @cached_property
    def bits(self) -> bytes:
        """The values of all steps, as bits."""
        return np.asarray(self.values(np.arange(self.total_steps)), dtype=np.float64).tobytes()


@dataclass
class Segment:
    """Steps that some points share, and how it goes on.

    Attributes:
        start: Its first step.
        end: The step after its last one.
        ends: The points that end with it.
        children: The segments that begin where it ends.
    """

    start: int
    end: int
    ends: list[str] = field(default_factory=list)
    children: list[Segment] = field(default_factory=list)

    def walk(self) -> Iterator[tuple[int, Segment]]:
        """Yields this segment and all below it, each with its depth."""
        waiting = [(0, self)]
        while waiting:
            depth, segment = waiting.pop()
            yield depth, segment
            waiting += [(depth + 1, child) for child in reversed(segment.children)]

    def points(self) -> list[str]:
        """Returns the points that pass through it."""
        return [name for _, segment in self.walk() for name in segment.ends]


def trees_of(courses: Sequence[tuple[str, Course]]) -> list[Segment]:
    """Returns the first segments of all families, in the order in which they appear."""
    families: dict[tuple[str, OnTheWay], list[tuple[str, Course]]] = {}
    for name, course in courses:
        families.setdefault((course.family, course.on_the_way), []).append((name, course))
    return [tree for members in families.values() for tree in _trees(members)]


def worth_sharing(trees: Sequence[Segment], least: float = LEAST_SAVED) -> list[Segment]:
    """Returns the trees without shared segments that save next to nothing, whose steps each point then trains itself.

    A segment saves its steps for all points through it but one. A job of its own costs a start, and on a cluster a
    place in the queue, which one step of four hundred is not worth. Segments in a row that are too short by themselves
    count together.

    Args:
        trees: The first segments of all families; they are not changed.
        least: The smallest part of the steps of a segment's points, all of them together, that it must save.
    """
    kept: list[Segment] = []
    sums = {number: both for tree in trees for number, both in _sums(tree).items()}
    waiting = [(tree, 0, kept) for tree in reversed(trees)]
    while waiting:
        segment, start, beside = waiting.pop()
        points, steps = sums[id(segment)]
        below = beside
        if points == 1 or (segment.end - start) * (points - 1) >= least * steps:
            beside.append(Segment(start, segment.end, segment.ends))
            start, below = segment.end, beside[-1].children
        else:
            beside += [Segment(start, segment.end, [name]) for name in segment.ends]
        waiting += [(child, start, below) for child in reversed(segment.children)]
    return kept


def _sums(tree: Segment) -> dict[int, tuple[int, int]]:
    """Returns, for each segment by its id, how many points pass through it, and the steps of all of them."""
    sums: dict[int, tuple[int, int]] = {}
    for segment in reversed([each for _, each in tree.walk()]):
        below = [sums[id(child)] for child in segment.children]
        points = len(segment.ends) + sum(count for count, _ in below)
        sums[id(segment)] = points, len(segment.ends) * segment.end + sum(steps for _, steps in below)
    return sums


def agreeing_steps(one: Course, other: Course) -> int:
    """Returns the number of steps from the first one on at which two runs are the same."""
    return _shared(one.bits, other.bits) if one.family == other.family else 0


def distinct_steps(trees: Sequence[Segment]) -> int:
    """Returns how many steps there are to train if each is trained once."""
    return sum(segment.end - segment.start for tree in trees for _, segment in tree.walk())


def _trees(members: Sequence[tuple[str, Course]]) -> list[Segment]:
    """Builds the tree of one family from its points in the order of their values, where neighbours share the most."""
    rows = sorted((course.bits, name) for name, course in members)
    root = Segment(0, 0)
    open_segments = [root]  # from the root to the last point
    before = b""
    for bits, name in rows:
        shared = _shared(before, bits)
        _close(open_segments, shared)
        top = open_segments[-1]
        if (length := len(bits) // 8) > top.end:
            leaf = Segment(top.end, length)
            top.children.append(leaf)
            open_segments.append(leaf)
        open_segments[-1].ends.append(name)
        before = bits
    return root.children


def _close(open_segments: list[Segment], shared: int) -> None:
    """Leaves open what ends by step `shared`; a segment that goes beyond it is divided there."""
    while open_segments[-1].end > shared:
        last = open_segments.pop()
        if open_segments[-1].end < shared:
            parent = open_segments[-1]
            parent.children[-1] = Segment(parent.end, shared, children=[last])
            last.start = shared
            open_segments.append(parent.children[-1])


def _shared(first: bytes, second: bytes) -> int:
    """Returns the number of steps from the first one on at which two courses agree."""
    length = min(len(first), len(second)) // 8
    one, other = (np.frombuffer(bits, dtype=np.int64, count=length) for bits in (first, second))
    differing = np.flatnonzero(one != other)
    return int(differing[0]) if differing.size else length

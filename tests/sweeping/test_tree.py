"""The steps that points share, and what the preview says of them."""

import numpy as np
import pytest

from d9d_lr.sweeping.tree import Course, Segment, distinct_steps, trees_of


def course(values, family="f"):
    array = np.asarray(values, dtype=np.float64)
    return Course(family, lambda steps: array[np.asarray(steps)], len(array))


def drawn(segment):
    """A segment as plain tuples."""
    return (segment.start, segment.end, sorted(segment.ends), sorted(map(drawn, segment.children)))


@pytest.mark.parametrize(
    ("rows", "trees"),
    [
        ({"a": [1, 2, 3]}, [(0, 3, ["a"], [])]),
        # Two that part at step 2, one that parts at step 1: 1 + 1 + 1 + 1 + 2 steps of 9.
        (
            {"a": [1, 2, 3], "b": [1, 2, 4], "c": [1, 5, 6]},
            [(0, 1, [], [(1, 2, [], [(2, 3, ["a"], []), (2, 3, ["b"], [])]), (1, 3, ["c"], [])])],
        ),
        # One is the beginning of another.
        ({"a": [1, 2], "b": [1, 2, 3, 4]}, [(0, 2, ["a"], [(2, 4, ["b"], [])])]),
        # Equal to the end.
        ({"a": [1, 2], "b": [1, 2]}, [(0, 2, ["a", "b"], [])]),
        # Nothing in common; 0.0 and -0.0 are other bits.
        ({"a": [0.0, 1], "b": [-0.0, 1]}, [(0, 2, ["a"], []), (0, 2, ["b"], [])]),
        # Each parts from the last one a step later.
        (
            {"a": [9, 9, 9], "b": [1, 9, 9], "c": [1, 1, 9]},
            [(0, 1, [], [(1, 3, ["b"], []), (1, 3, ["c"], [])]), (0, 3, ["a"], [])],
        ),
    ],
)
def test_trees(rows, trees):
    found = trees_of([(name, course(values)) for name, values in rows.items()])
    assert sorted(map(drawn, found)) == trees


def test_families_share_nothing():
    found = trees_of([("a", course([1, 2], "f")), ("b", course([1, 2], "g"))])
    assert sorted(map(drawn, found)) == [(0, 2, ["a"], []), (0, 2, ["b"], [])]


def test_steps_are_counted_as_a_set_of_beginnings_would():
    generator = np.random.default_rng(0)
    rows = {str(n): generator.integers(0, 2, generator.integers(1, 12)).astype(float) for n in range(300)}
    found = trees_of([(name, course(values)) for name, values in rows.items()])
    beginnings = {row[: end + 1].tobytes() for row in rows.values() for end in range(len(row))}
    assert distinct_steps(found) == len(beginnings)
    assert sorted(name for tree in found for name in tree.points()) == sorted(rows)
    for tree in found:
        for _, segment in tree.walk():
            assert segment.end > segment.start
            assert all(child.start == segment.end for child in segment.children)


def test_a_deep_tree_is_walked():
    rows = [(str(n), course([1.0] * n + [2.0] * (2000 - n))) for n in range(1500)]
    assert isinstance(trees_of(rows)[0], Segment)
    # Each parts a step later, after which it trains the rest alone: 1 499 shared steps, and the ends.
    assert distinct_steps(trees_of(rows)) == 1499 + sum(2000 - n for n in range(1500))


def test_the_preview_shows_what_points_share(sweep):
    done = sweep("lr=wsd", "lr.phases.0.steps=50", "train.total_steps=200,400", "sweep.dry_run=true")
    # Warmup until 50, hold until 160 or 320: both hold at 160, where the shorter one begins to decay. The decay's value
    # for its first step is still the hold's, so they part at step 161.
    assert "2 points, 600 steps as written, 439 to train (1.4 times fewer)" in done.out
    assert "\n0 to 161: 2 points\n" in done.out
    assert "\n  161 to 400: train.total_steps=400\n" in done.out


def test_points_that_share_nothing_have_no_tree(sweep):
    assert "as written" not in sweep("train.seed=0,1", "sweep.dry_run=true").out

"""Which jobs a tree of steps makes: trunks, and where points begin."""

import numpy as np
import pytest

from d9d_lr.sweeping.tree import Course, distinct_steps, trees_of, worth_sharing
from d9d_lr.sweeping.trunks import grove_of


def course(values, family="f"):
    array = np.asarray(values, dtype=np.float64)
    return Course(family, lambda steps: array[np.asarray(steps)], len(array))


def grove(rows, least=0.0):
    courses = {name: course(values) for name, values in rows.items()}
    return grove_of(worth_sharing(trees_of(list(courses.items())), least), courses)


def drawn(found):
    """The saves of trunks with where they begin, and where points begin, with the end of the trunk."""
    trunks = [(trunk.saves, trunk.begin.step if trunk.begin else 0) for trunk in found.trunks]
    return trunks, {name: (parting.trunk.saves[-1], parting.step) for name, parting in sorted(found.partings.items())}


def cooldowns(*ends, total=20):
    """Holds of different lengths, each before a decay of its own."""
    return {f"{end}": [1.0] * end + [end / 100 + step / 1000 for step in range(total - end)] for end in ends}


@pytest.mark.parametrize(
    ("rows", "trunks", "partings"),
    [
        ({"a": [1, 2, 3]}, [], {}),
        ({"a": [1, 2], "b": [3, 4]}, [], {}),
        ({"a": [1, 2, 3], "b": [1, 2, 4]}, [((2,), 0)], {"a": (2, 2), "b": (2, 2)}),
        # One trunk along the longest hold, which the others leave on the way.
        (
            cooldowns(5, 10, 15),
            [((5, 10), 0)],
            {"10": (10, 10), "15": (10, 10), "5": (10, 5)},
        ),
        # A point that ends where others go on begins there, with nothing left to train.
        ({"a": [1, 2], "b": [1, 2, 3], "c": [1, 2, 4]}, [((2,), 0)], {"a": (2, 2), "b": (2, 2), "c": (2, 2)}),
        # So do two that are the same to their ends.
        ({"a": [1, 2], "b": [1, 2]}, [((2,), 0)], {"a": (2, 2), "b": (2, 2)}),
        # Two shared parts after a shared beginning: the longer goes on, the other begins where they part.
        (
            {"a": [1, 2, 2, 2, 3], "b": [1, 2, 2, 2, 4], "c": [1, 5, 5, 6], "d": [1, 5, 5, 7]},
            [((1, 4), 0), ((3,), 1)],
            {"a": (4, 4), "b": (4, 4), "c": (3, 3), "d": (3, 3)},
        ),
    ],
)
def test_trunks(rows, trunks, partings):
    assert drawn(grove(rows)) == (trunks, partings)


def test_each_distinct_step_is_trained_once():
    generator = np.random.default_rng(0)
    rows = {str(n): generator.integers(0, 2, generator.integers(1, 12)).astype(float) for n in range(300)}
    found = grove(rows)
    trained = sum(trunk.saves[-1] - (trunk.begin.step if trunk.begin else 0) for trunk in found.trunks)
    trained += sum(
        len(row) - (found.partings[name].step if name in found.partings else 0) for name, row in rows.items()
    )
    assert trained == distinct_steps(trees_of([(name, course(row)) for name, row in rows.items()]))
    places = {trunk.name: place for place, trunk in enumerate(found.trunks)}
    assert len(places) == len(found.trunks)
    for trunk in found.trunks:
        if trunk.begin:
            assert places[trunk.begin.trunk.name] < places[trunk.name]
            assert trunk.begin.step in trunk.begin.trunk.saves
    for name, parting in found.partings.items():
        assert parting.step in parting.trunk.saves
        assert list(rows[parting.trunk.point][: parting.step]) == list(rows[name][: parting.step])


@pytest.mark.parametrize(
    ("least", "saves"),
    [
        # Three points of 20 steps. The first 5 steps are shared by three, which saves 10 of 60; the next 5 by two,
        # which saves 5 of 40.
        (0.0, [(5, 10)]),
        (0.125, [(5, 10)]),
        (0.13, [(5,)]),
        (10 / 60, [(5,)]),
        # Neither is worth it; but the first 10 steps of the two that share them save 10 of 40.
        (0.2, [(10,)]),
        (0.25, [(10,)]),
        (0.26, []),
    ],
)
def test_what_saves_too_little_is_not_shared(least, saves):
    found = grove(cooldowns(5, 10, 15), least)
    assert [trunk.saves for trunk in found.trunks] == saves


def test_a_part_that_is_not_shared_leaves_every_point():
    rows = cooldowns(5, 10, 15) | {"a": [9.0], "b": [1.0] * 5}
    for least in (0.0, 0.1, 0.2, 1.0):
        kept = worth_sharing(trees_of([(name, course(values)) for name, values in rows.items()]), least)
        assert sorted(name for tree in kept for name in tree.points()) == sorted(rows)
        for tree in kept:
            assert tree.start == 0
            for _, segment in tree.walk():
                assert all(child.start == segment.end for child in segment.children)


def test_five_thousand_points_are_arranged_in_time():
    rows = {f"{end}-{n}": [1.0] * end + [n + 2.0] * (1000 - end) for end in range(100, 900, 16) for n in range(100)}
    found = grove(rows)
    assert len(rows) == 5000
    assert len(found.partings) == 5000
    assert sum(len(trunk.saves) for trunk in found.trunks) == 50

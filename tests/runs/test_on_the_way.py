"""Which checkpoints on the way a run folder holds at a step."""

import pytest

from d9d_lr.runs.on_the_way import NOTHING_ON_THE_WAY, OnTheWay


@pytest.mark.parametrize(
    ("every", "keep", "step", "held"),
    [
        (4, 2, 0, ()),
        (4, 2, 3, ()),
        (4, 2, 4, (4,)),
        (4, 2, 8, (4, 8)),
        (4, 2, 11, (4, 8)),
        (4, 2, 12, (8, 12)),
        (4, 1, 12, (12,)),
        (4, 9, 12, (4, 8, 12)),
        (1, 2, 3, (2, 3)),
    ],
)
def test_the_newest_are_held(every, keep, step, held):
    assert OnTheWay(every, keep).held_at(step) == held


def test_a_run_that_is_not_saved_on_its_way_holds_none():
    assert NOTHING_ON_THE_WAY.held_at(1000) == ()

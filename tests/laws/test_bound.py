"""The convex bound and the fixed rules, by hand."""

import numpy as np
import pytest

from d9d_lr.laws.fixed_rules import FIXED_RULES, cosine_to_zero, linear_to_zero, wsd_20
from d9d_lr.laws.ranking import convex_bound


@pytest.mark.parametrize(
    ("rates", "bound"),
    [
        # T1 = 1 / (2 * 1), T2 = 1 / 2 * 1 / 1: 2 sqrt(1 / 4).
        ([1.0], 1.0),
        # T1 = 1 / 4. T2 = 1 / 2 * [2 / 2 + 1 / 1 * 2 / 2] = 1: 2 sqrt(1 / 4).
        ([1.0, 1.0], 1.0),
        # T1 = 1 / 6. T2 = 1 / 2 * [5 / 3 + 2 / 1 * 5 / 3] = 5 / 2: 2 sqrt(5 / 12).
        ([2.0, 1.0], 2 * (5 / 12) ** 0.5),
        # A rate of zero moves nothing.
        ([0.0, 2.0, 1.0, 0.0], 2 * (5 / 12) ** 0.5),
        # The unit does not matter.
        ([0.02, 0.01], 2 * (5 / 12) ** 0.5),
        ([0.0, 0.0], np.inf),
    ],
)
def test_bound(rates, bound):
    assert convex_bound(np.array(rates)) == pytest.approx(bound, rel=1e-12)


def test_the_bound_likes_a_straight_line_to_zero_better_than_a_constant():
    assert convex_bound(linear_to_zero(1000, 0)) < convex_bound(np.ones(1000))


def test_linear_to_zero():
    # Warmup 0, .5, then 1 at step 2; (10 - 2) / 8 steps down: step 6 is half way, step 9 has an eighth left.
    rates = linear_to_zero(10, 2)
    assert rates[[0, 1, 2, 6, 9]].tolist() == [0.0, 0.5, 1.0, 0.5, 0.125]


def test_cosine_to_zero():
    # Half way down at step 6: (1 + cos(pi / 2)) / 2.
    assert cosine_to_zero(10, 2)[[1, 2, 6]] == pytest.approx([0.5, 1.0, 0.5])


def test_wsd_20():
    # Held until step 8, then (10 - t) / 2.
    assert wsd_20(10, 2).tolist() == [0.0, 0.5, 1, 1, 1, 1, 1, 1, 1.0, 0.5]


@pytest.mark.parametrize("rule", FIXED_RULES.values(), ids=FIXED_RULES)
def test_a_rule_without_a_warmup_starts_at_its_peak(rule):
    assert rule(20, 0)[0] == 1.0
    assert rule(20, 0).shape == (20,)

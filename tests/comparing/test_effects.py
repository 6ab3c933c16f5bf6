"""Shares of the variance, worked out by hand."""

import math

import numpy as np
import pytest

from d9d_lr.comparing.effects import effects_of
from d9d_lr.comparing.folding import Outcome, settings_of
from helpers.sweeps_of_numbers import outcomes_of


def shares(table):
    return effects_of(settings_of(outcomes_of(table))).shares


def test_additive_effects_add_up():
    # objective = 2 schedule + 1 rate, both -1 or 1: squares 4 and 1 at each of four points: 4/5 and 1/5
    table = [[[2 * s + r] for r in (-1, 1)] for s in (-1, 1)]
    assert shares(table) == pytest.approx({"lr": 0.8, "optimizer.lr": 0.2, "lr x optimizer.lr": 0.0, "rest": 0.0})


def test_an_interaction_is_no_effect_of_either():
    table = [[[s * r] for r in (-1, 1)] for s in (-1, 1)]
    assert shares(table)["lr x optimizer.lr"] == pytest.approx(1.0)


def test_the_seed_and_what_settings_do_not_share():
    # schedule 3, seed 2, and 1 for their product, which no pair of keys explains: 9 / 14, 4 / 14, 1 / 14
    table = [[[3 * s + 2 * seed + s * seed for seed in (-1, 1)]] for s in (-1, 1)]
    assert shares(table) == pytest.approx({"lr": 9 / 14, "seed": 4 / 14, "rest": 1 / 14})


def test_shares_add_up_on_noise():
    found = shares(np.random.default_rng(0).normal(size=(3, 4, 5)))
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) >= 0


def test_values_with_missing_points_are_left_out():
    # of 4 rates the last diverged under both schedules; what is left is additive: 2 schedule + 1 rate - 1 for each
    # schedule -1, 1 and rate -1, 0, 1: squares 4 and 2/3 on average: 6/7 and 1/7
    outcomes = outcomes_of([[[2.0 * s + r] for r in (-1, 0, 1, math.nan)] for s in (-1, 1)])
    found = effects_of(settings_of(outcomes))
    assert found.shares == pytest.approx({"lr": 6 / 7, "optimizer.lr": 1 / 7, "lr x optimizer.lr": 0.0, "rest": 0.0})
    assert found.part == "without optimizer.lr=0.1, where points are missing"


def test_one_missing_point_costs_the_smallest_part_of_the_grid():
    # 2 schedules, 2 rates, 5 seeds: without its seed 16 of 20 points are left, without its rate or schedule 10
    outcomes = outcomes_of(np.random.default_rng(0).normal(size=(2, 2, 5)))
    without_one = [*outcomes[:7], Outcome(outcomes[7].changed, "failed"), *outcomes[8:]]
    found = effects_of(settings_of(without_one))
    assert found.left_out == ("seed 2",)
    assert sum(found.shares.values()) == pytest.approx(1.0)


def test_a_setting_that_is_not_there_is_missing_too():
    found = effects_of(settings_of(outcomes_of([[[1.0], [2.0], [3.0]], [[3.0], [4.0], [5.0]]])[:-1]))
    assert found.left_out == ("optimizer.lr=0.01",)


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        (
            [Outcome({"a": str(i), "b": str(i)}, "completed", float(i)) for i in range(4)],
            "4 settings, where every combination would make 16",
        ),
        (outcomes_of([[[1.0], [2.0], [math.nan]], [[3.0], [math.nan], [4.0]]])[:5], "3 of 6 points have no objective"),
        (
            [Outcome({"lr": "s0"}, "completed", 1.0), Outcome({"lr": "s1"}, "failed")],
            "1 of 2 points have no objective",
        ),
        ([Outcome({"lr": "a"}, "completed", 1.0)], "no key is swept"),
        (outcomes_of([[[1.0]], [[1.0]]]), "every point has the same objective"),
    ],
)
def test_what_is_no_full_grid_says_so(outcomes, why):
    found = effects_of(settings_of(outcomes))
    assert found.shares == {}
    assert why in found.why_not

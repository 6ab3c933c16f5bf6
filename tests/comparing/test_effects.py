"""Shares of the variance, worked out by hand."""

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


@pytest.mark.parametrize(
    ("outcomes", "why"),
    [
        (outcomes_of([[[1.0], [2.0]], [[3.0], [4.0]]])[:-1], "3 settings, where every combination would make 4"),
        (
            [Outcome({"lr": "s0"}, "completed", 1.0), Outcome({"lr": "s1"}, "failed")],
            "1 of 2 settings lack an objective",
        ),
        ([Outcome({"lr": "a"}, "completed", 1.0)], "no key is swept"),
        (outcomes_of([[[1.0]], [[1.0]]]), "every point has the same objective"),
    ],
)
def test_what_is_no_full_grid_says_so(outcomes, why):
    found = effects_of(settings_of(outcomes))
    assert found.shares == {}
    assert why in found.why_not

"""Seeds are folded into settings, and every point counts as what it is."""

import math

import pytest

from d9d_lr.comparing.folding import Outcome, is_seed, settings_of, swept_keys


def point(status="completed", objective=None, error="", length=None, sweep="", **changed):
    return Outcome({key.replace("__", "."): str(value) for key, value in changed.items()}, status, objective, error,
                   length, sweep)  # fmt: skip


def test_seeds_are_folded_and_the_best_mean_is_first():
    # a: (1 + 3) / 2 = 2, deviation sqrt(((1-2)^2 + (3-2)^2) / 1) = sqrt 2
    # b: (1.5 + 1.7) / 2 = 1.6: the lucky 1 of a is not best
    outcomes = [
        point(lr="a", train__seed=0, objective=1.0),
        point(lr="a", train__seed=1, objective=3.0),
        point(lr="b", train__seed=0, objective=1.5),
        point(lr="b", train__seed=1, objective=1.7),
    ]
    best, other = settings_of(outcomes)
    assert (best.values, best.points, best.count) == ({"lr": "b"}, (2, 3), 2)
    assert best.mean == pytest.approx(1.6)
    assert (other.mean, other.deviation) == (pytest.approx(2.0), pytest.approx(math.sqrt(2)))
    assert other.objectives == {"0": 1.0, "1": 3.0}


def test_constant_keys_are_left_out():
    outcomes = [point(lr=name, task="digits", objective=1.0) for name in "ab"]
    assert swept_keys(outcome.changed for outcome in outcomes) == ["lr"]
    assert [setting.label for setting in settings_of(outcomes)] == ["lr=a", "lr=b"]


def test_a_key_that_only_some_points_have_tells_them_apart():
    first, second = settings_of([point(lr="a", objective=1.0), point(lr="a", steps=5, objective=2.0)])
    assert (first.values, second.values) == ({"steps": "-"}, {"steps": "5"})


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (point(objective=1.0), ""),
        (point(objective=None), "1 diverged"),
        (point(objective=math.nan), "1 diverged"),
        (point(objective=math.inf), "1 diverged"),
        (point(status="failed", error="the training loss is nan at step 3, learning rate 9"), "1 diverged"),
        (point(status="failed", error="RunError: the validation loss is inf at step 10"), "1 diverged"),
        (point(status="failed", error="CUDA out of memory"), "1 failed"),
        (point(status="interrupted", objective=0.1), "1 pending"),
        (point(status="unfinished"), "1 pending"),
        (point(status="not started"), "1 pending"),
    ],
)
def test_every_point_counts_as_what_it_is(outcome, state):
    (setting,) = settings_of([outcome])
    assert setting.state == state
    assert setting.count == (state == "")


def test_what_diverged_stands_behind_what_never_did_and_no_number_last():
    outcomes = [
        point(lr="lucky", train__seed=0, objective=0.1),
        point(lr="lucky", train__seed=1, objective=math.nan),
        point(lr="sound", train__seed=0, objective=0.5),
        point(lr="sound", train__seed=1, objective=0.5),
        point(lr="never", train__seed=0, status="not started"),
    ]
    assert [setting.values["lr"] for setting in settings_of(outcomes)] == ["sound", "lucky", "never"]


def test_one_seed_counts_once():
    (setting,) = settings_of([point(objective=1.0), point(objective=2.0)])
    assert (setting.count, setting.mean, setting.points) == (1, 1.0, (0, 1))


def test_sweeps_are_not_folded_into_one_another():
    settings = settings_of([point(sweep=name, objective=1.0) for name in ("first", "second")])
    assert [setting.sweep for setting in settings] == ["first", "second"]


@pytest.mark.parametrize(
    ("key", "seed"),
    [("train.seed", True), ("seed", True), ("task.data_seed", True), ("task.seeds", False), ("seed.lr", False)],
)
def test_keys_that_only_seed(key, seed):
    assert is_seed(key) == seed

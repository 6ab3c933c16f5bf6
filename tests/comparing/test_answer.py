"""The answer on sweeps whose truth is known. Each count is of 1 000 sweeps, from a fixed seed."""

import math

import numpy as np
import pytest

from d9d_lr.comparing.answer import answers
from d9d_lr.comparing.candidates import schedule_keys
from d9d_lr.comparing.folding import Outcome, settings_of
from helpers.sweeps_of_numbers import outcomes_of

SWEEPS = 1_000


def answer_of(table, **options):
    (answer,) = answers(settings_of(outcomes_of(table, **options)))
    return answer


def rates(size):
    """Distance from the best learning rate, in places of the grid."""
    return np.abs(np.arange(size) - size // 2)


# --- what is said of schedules that are equal ------------------------------------------------------------------------

DESIGNS = [(2, 1, 2), (2, 1, 4), (2, 5, 2), (2, 5, 4), (3, 4, 3), (6, 4, 2), (8, 1, 3), (3, 1, 8)]


def noise(rng, shape):
    return rng.normal(size=shape) + rng.normal(size=shape[2])


def heavy_tails(rng, shape):
    return rng.standard_t(3, size=shape)


def bad_rates_are_noisy(rng, shape):
    distance = rates(shape[1])[:, None]
    return 0.5 * distance**2 + 0.1 * (1 + 3 * distance) * rng.normal(size=shape)


def bad_rates_are_quiet(rng, shape):
    distance = rates(shape[1])[:, None]
    return 0.5 * distance**2 + np.where(distance == 0, 0.3, 0.1) * rng.normal(size=shape)


def each_setting_has_a_noise_of_its_own(rng, shape):
    return np.exp(0.7 * rng.normal(size=(*shape[:2], 1))) * rng.normal(size=shape)


def bad_schedules_are_quiet(rng, shape):
    quiet = np.arange(shape[0])[:, None, None] >= 2
    return np.where(quiet, 0.5, 0.0) + np.where(quiet, 0.1, 0.3) * rng.normal(size=shape)


@pytest.mark.parametrize(
    "truth",
    [
        noise, heavy_tails, bad_rates_are_noisy, bad_rates_are_quiet, each_setting_has_a_noise_of_its_own,
        bad_schedules_are_quiet,
    ],
)  # fmt: skip
def test_equal_schedules_are_called_separable_in_at_most_one_sweep_of_twenty(truth):
    rng = np.random.default_rng(7)
    said = [answer_of(truth(rng, DESIGNS[index % len(DESIGNS)])).separable for index in range(SWEEPS)]
    assert sum(said) <= 0.05 * SWEEPS


@pytest.mark.parametrize("settings", [2, 5])
def test_pure_noise_at_the_hardest_design(settings):
    # two schedules of one setting: only the level itself protects here; a count of 50 has a standard error of 7
    rng = np.random.default_rng(11)
    said = sum(answer_of(noise(rng, (2, 1, settings))).separable for _ in range(SWEEPS))
    assert 0.02 * SWEEPS < said < 0.064 * SWEEPS


def test_a_schedule_with_more_settings_is_not_favoured():
    # s0 has 20 settings, s1 one: the best of 20 is lower by 1.87 standard deviations, by luck alone
    rng, said = np.random.default_rng(5), 0
    for _ in range(300):
        many, single = rng.normal(size=(1, 20, 4)), rng.normal(size=(1, 1, 4))
        single = [Outcome({**one.changed, "lr": "s1"}, "completed", one.objective) for one in outcomes_of(single)]
        (answer,) = answers(settings_of([*outcomes_of(many), *single]))
        said += answer.separable
    assert said <= 0.05 * 300


# --- what is said of schedules that differ ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shape", "gap", "least"),
    [
        ((2, 5, 3), 3.0, 0.35),  # a gap of 3 standard deviations of a seed
        ((2, 5, 4), 3.0, 0.65),
        ((3, 5, 4), 3.0, 0.6),
        ((3, 5, 8), 2.0, 0.75),
        ((3, 5, 8), 4.0, 0.99),
    ],
)
def test_real_differences_are_found(shape, gap, least):
    rng, right = np.random.default_rng(3), 0
    for _ in range(200):
        table = 0.5 * rates(shape[1])[:, None] ** 2 + 0.1 * rng.normal(size=shape)
        table[1:] += 0.1 * gap
        answer = answer_of(table)
        right += answer.separable and answer.best.name == "s0"
    assert right >= least * 200


def test_the_luckiest_seed_does_not_win():
    # s0: 1.0, 1.0, 1.0, 1.0; s1: 0.1 once, else 2: mean (0.1 + 2 + 2 + 2) / 4 = 1.525
    answer = answer_of([[[1.0, 1.0, 1.0, 1.0]], [[0.1, 2.0, 2.0, 2.0]]])
    assert answer.best.name == "s0"
    assert answer.leads[0].difference == pytest.approx(0.525)


def test_each_schedule_competes_at_its_own_best_setting():
    # s0 is best at the first rate, s1 at the second: 1.0 against 1.5, not 1.0 against 3.0
    answer = answer_of([[[1.0, 1.1], [4.0, 4.0]], [[3.0, 3.0], [1.5, 1.5]]])
    (lead,) = answer.leads
    assert lead.other.best.values["optimizer.lr"] == "0.001"
    assert lead.difference == pytest.approx(1.5 - 1.05)


def test_the_numbers_of_a_pair_by_hand():
    # differences 1.3 - 1.0, 1.5 - 1.1, 1.8 - 1.3 = 0.3, 0.4, 0.5: mean 0.4, variance 0.02 / 2 = 0.01,
    # standard error sqrt(0.01 / 3) = 0.0577350, t = 6.9282 with 2 degrees of freedom: p = 0.02020
    (lead,) = answer_of([[[1.0, 1.1, 1.3]], [[1.3, 1.5, 1.8]]]).leads
    assert (lead.difference, lead.error) == (pytest.approx(0.4), pytest.approx(0.0577350, rel=1e-5))
    assert (lead.pairs, lead.degrees, lead.rivals) == (3, 2, 1)
    assert lead.p == pytest.approx(0.02020, rel=1e-3)
    assert lead.separable


def test_more_seeds_until_it_would_be_separable():
    # d = 0.1, v = 0.04 of 4 pairs: with N pairs t = 0.1 sqrt(N / 0.04) must reach t(.05, N - 1) + .84;
    # N = 34: 2.915 against 2.035 + .84 = 2.875; N = 33: 2.872 against 2.877; so 34 - 4 = 30 more
    spread = math.sqrt(0.04 * 3 / 4)
    (lead,) = answer_of([[[0.0] * 4], [[0.1 - spread, 0.1 + spread, 0.1 - spread, 0.1 + spread]]]).leads
    assert lead.error**2 * 4 == pytest.approx(0.04)
    assert lead.more_seeds == 30


# --- what stays unknown ---------------------------------------------------------------------------------------------


def test_one_seed_leaves_the_noise_unknown():
    (lead,) = answer_of([[[1.0]], [[2.0]]]).leads
    assert (lead.difference, lead.error, lead.p, lead.more_seeds) == (1.0, None, None, None)
    assert not lead.separable


def test_seeds_that_are_not_shared_are_compared_unpaired():
    outcomes = [
        Outcome({"lr": name, "train.seed": str(seed)}, "completed", 1.0 + 0.01 * (seed % 2) + (name == "b"))
        for name, seeds in (("a", (0, 1)), ("b", (2, 3)))
        for seed in seeds
    ]
    (lead,) = answers(settings_of(outcomes))[0].leads
    assert (lead.pairs, lead.degrees) == (0, 1)
    assert lead.difference == pytest.approx(1.0)


def test_settings_that_lack_a_seed_lend_no_noise():
    # the seeds 0 and 9 of s2 are not those of the pair: only its own two differences count
    outcomes = outcomes_of([[[1.0, 1.2, 1.1]], [[1.3, 1.1, 1.2]]])
    other = [Outcome({**outcomes[0].changed, "lr": "s2", "train.seed": seed}, "completed", 1.2) for seed in "09"]
    leads = answers(settings_of([*outcomes, *other]))[0].leads
    assert {lead.other.name: (lead.pairs, lead.degrees) for lead in leads}["s1"] == (3, 2)


def test_there_is_no_best_over_different_lengths():
    outcomes = [
        Outcome({"lr": name, "train.total_steps": str(steps), "train.seed": str(seed)}, "completed", 1 / steps + seed)
        for name in "ab"
        for steps in (100, 200)
        for seed in (0, 1)
    ]
    found = answers(settings_of(outcomes))
    assert sorted(answer.heading for answer in found) == ["100 steps", "200 steps"]
    assert all(len(answer.settings) == 2 for answer in found)
    by_results = [Outcome({"lr": name}, "completed", 1.0, length=steps) for name, steps in (("a", 100), ("b", 200))]
    assert len(answers(settings_of(by_results))) == 2


def test_there_is_no_best_over_sweeps_that_differ_in_what_was_not_swept():
    outcomes = [
        Outcome({"lr": name}, "completed", 1.0, length=100, sweep=optimizer, differing=f"optimizer={optimizer}")
        for name in "ab"
        for optimizer in ("sgd", "adamw")
    ]
    found = answers(settings_of(outcomes))
    assert [answer.heading for answer in found] == ["optimizer=sgd", "optimizer=adamw"]
    assert [len(answer.settings) for answer in found] == [2, 2]


def test_what_has_not_ended_has_the_length_of_the_others():
    outcomes = [Outcome({"lr": "a"}, "completed", 1.0, length=100), Outcome({"lr": "b"}, "unfinished")]
    (answer,) = answers(settings_of(outcomes))
    assert (answer.comparison.length, answer.pending) == ("100", 1)


def test_a_setting_with_a_diverged_seed_is_never_the_best():
    answer = answer_of([[[0.1, math.nan], [1.0, 1.0]], [[2.0, 2.1], [3.0, 3.0]]])
    assert answer.best.best.values["optimizer.lr"] == "0.001"


def test_a_setting_with_few_of_the_seeds_is_never_the_best():
    table = outcomes_of([[[0.1, 0.2, 0.3], [1.0, 1.0, 1.0]], [[2.0, 2.1, 2.0], [3.0, 3.0, 3.0]]])
    waiting = [Outcome(table[1].changed, "not started"), Outcome(table[2].changed, "unfinished")]
    answer = answers(settings_of([table[0], *waiting, *table[3:]]))[0]
    assert answer.best.best.values["optimizer.lr"] == "0.001"
    assert answer.pending == 2


def test_a_schedule_without_a_sound_setting_does_not_compete():
    answer = answer_of([[[1.0, 1.0]], [[math.nan, 2.0]]])
    assert (answer.best.name, answer.leads) == ("s0", ())
    assert answer_of([[[math.nan]]]).best is None


@pytest.mark.parametrize(
    ("keys", "schedule"),
    [
        (["optimizer.lr", "lr", "lr.phases.0.steps"], ("lr",)),
        (["lr.phases.0.steps", "lr/decay@lr.phases.2", "optimizer.lr"], ("lr/decay@lr.phases.2",)),
        (["lr.phases.0.steps", "optimizer.lr"], ("lr.phases.0.steps",)),
        (["optimizer.lr", "task.width"], ("optimizer.lr", "task.width")),
        (["train.total_steps", "lr"], ("lr",)),
        (["train.total_steps"], ()),
    ],
)
def test_what_tells_schedules_apart(keys, schedule):
    assert schedule_keys(keys) == schedule


@pytest.mark.parametrize(
    ("values", "best", "edges"),
    [
        ("123", 0, [("optimizer.lr", "1", True)]),
        ("123", 1, []),
        ("123", 2, [("optimizer.lr", "3", False)]),
        ("12", 0, []),  # two values are no range
        ("012", 0, []),  # nothing lies below 0
        (("1", "2", "word"), 0, []),
    ],
)
def test_the_edge_of_a_range_is_seen(values, best, edges):
    outcomes = [
        Outcome({"lr": name, "optimizer.lr": value}, "completed", 1.0 + abs(place - best))
        for name in "ab"
        for place, value in enumerate(values)
    ]
    answer = answers(settings_of(outcomes))[0]
    assert [(edge.key, edge.value, edge.lowest) for edge in answer.best.edges] == edges

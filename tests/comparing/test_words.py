"""The words of the answer, each against a sweep that calls for them."""

import math

import pytest

from d9d_lr.comparing.answer import answers
from d9d_lr.comparing.folding import Outcome, settings_of
from d9d_lr.comparing.words import measured, notes, sentence
from helpers.sweeps_of_numbers import outcomes_of


def answer_of(table):
    return answers(settings_of(outcomes_of(table)))[0]


SAID = {
    "separable": (
        [[[1.0, 1.1, 1.3]], [[1.3, 1.5, 1.8]]],
        "s0 is best: 1.13 ± 0.15 (3 seeds); ahead of s1 by 0.400 ± 0.058, paired over 3 seeds: separable",
    ),
    "not separable": (
        [[[1.0, 1.2]], [[1.3, 1.1]]],
        # differences 0.3, -0.1: mean 0.1, variance 0.08, error sqrt(0.08 / 2) = 0.2;
        # 65 seeds make 0.1 / sqrt(0.08 / 65) = 2.85, and 2.00 + 0.84 are needed
        "s0 is best: 1.10 ± 0.14 (2 seeds); ahead of s1 by 0.10 ± 0.20, paired over 2 seeds: not separable; "
        "about 63 more seeds would be needed",
    ),
    "one seed": (
        [[[1.0]], [[2.0]]],
        "s0 is best: 1 (1 run); ahead of s1 by 1: with one seed the noise is unknown, and this may be chance",
    ),
    "alone": ([[[1.0, 1.2]]], "s0 is best: 1.10 ± 0.14 (2 seeds); nothing else completed to compare it with"),
    "equal": (
        [[[1.0, 1.2]], [[1.0, 1.2]]],
        "s0 is best: 1.10 ± 0.14 (2 seeds); ahead of s1 by 0, paired over 2 seeds: not separable: they are equal",
    ),
    "nothing": ([[[math.nan]]], "no answer yet: no point has an objective"),
    "no sound setting": ([[[1.0, math.nan]], [[math.nan, 1.0]]], "no answer: of each setting a seed diverged"),
}


@pytest.mark.parametrize(("table", "said"), SAID.values(), ids=SAID)
def test_the_sentence(table, said):
    table = [*table, [[math.nan]]] if len(table) == 1 else table  # a second schedule, for "lr" to be swept
    assert sentence(answer_of(table)) == said


def test_one_setting_is_not_called_best():
    answer = answers(settings_of([Outcome({"lr": "wsd"}, "completed", 1.5)]))[0]
    assert sentence(answer) == "one setting, nothing to compare it with: 1.5 (1 run)"


def test_the_sentence_names_what_was_tuned():
    answer = answer_of([[[1.0, 1.1], [4.0, 4.1]], [[5.0, 5.0], [6.5, 6.5]]])
    assert "s0 is best: 1.050 ± 0.071 (2 seeds) at optimizer.lr=0.0001; ahead of s1" in sentence(answer)


def test_the_notes_name_edges_other_candidates_and_what_is_missing():
    table = [[[1.0, 1.3], [2.0, 2.1], [3.0, 3.1]], [[1.2, 1.2], [2.0, 2.1], [3.0, 3.0]], [[1.1, 1.4], [2, 2], [3, 3]]]
    outcomes = [*outcomes_of(table), Outcome({"lr": "s3"}, "failed", None, "the training loss is nan at step 1"),
                Outcome({"lr": "s0", "optimizer.lr": "0.0001", "train.seed": "9"}, "unfinished")]  # fmt: skip
    said = notes(answers(settings_of(outcomes))[0])
    assert said[0] == "1 point of this comparison not finished: all of this may change"
    assert said[1] == "may be as good too: s2"
    assert said[2].startswith("the best of s0 lies at the edge: optimizer.lr=0.0001 is the lowest that was tried")
    assert said[3].startswith("the best of s1 lies at the edge")
    assert said[4].startswith("1 setting with a seed that diverged, which cannot be best: lr=s3")
    assert sentence(answers(settings_of(outcomes))[0]).startswith("so far s0 is best")


def test_a_value_that_diverged_was_tried_and_one_that_is_pending_was_not():
    rates = ("0.001", "0.01", "0.1")
    ended = [Outcome({"lr": "a", "optimizer.lr": rate}, "completed", 2.0 - place) for place, rate in enumerate(rates)]
    higher = {"lr": "a", "optimizer.lr": "1.0"}
    other = Outcome({"lr": "b", "optimizer.lr": "0.1"}, "completed", 3.0)
    diverged = [*ended, other, Outcome(higher, "failed", None, "the training loss is nan at step 1")]
    assert not any("edge" in note for note in notes(answers(settings_of(diverged))[0]))
    pending = [*ended, other, Outcome(higher, "not started")]
    assert any("optimizer.lr=0.1 is the highest" in note for note in notes(answers(settings_of(pending))[0]))


def test_settings_that_diverged_are_named_by_what_all_of_them_share():
    nan = math.nan
    # all settings at the third rate, and no other, diverged
    (note,) = notes(answer_of([[[1.0], [0.5], [nan]], [[1.0], [0.5], [nan]]]))
    assert note == "2 settings with a seed that diverged, which cannot be best: all with optimizer.lr=0.01"
    # one of them did not
    (note,) = notes(answer_of([[[1.0], [0.5], [nan]], [[1.0], [nan], [nan]], [[1.0], [0.5], [2.0]]]))
    assert note.startswith("3 settings with a seed that diverged, which cannot be best: lr=s")


@pytest.mark.parametrize(
    ("mean", "noise", "text"),
    [
        (0.58612, 0.0951, "0.586 ± 0.095"),
        (0.58612, 0.00951, "0.5861 ± 0.0095"),
        (123.456, 12.3, "123 ± 12"),
        (123.456, 1.23, "123.5 ± 1.2"),
        (2.5, None, "2.5"),
        (2.5, 0.0, "2.5"),
        (None, None, "-"),
    ],
)
def test_a_mean_has_the_digits_that_its_noise_leaves(mean, noise, text):
    assert measured(mean, noise) == text

"""Schedules with a published length: refused in a run of another one, or stretched to it."""

import math
import re

import pytest

from d9d_lr import ConfigError, build_schedule
from d9d_lr.config.in_steps import in_steps
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.resolve_lr import resolve_lr

LINEAR, CONSTANT = {"type": "linear"}, {"type": "constant"}
WARMUP = {"mode": "lasts", "steps": 20, "target_lr": 0.2, "curve": LINEAR}
HOLD = {"mode": "until", "tokens": 600, "target_lr": 0.2, "curve": CONSTANT}
DECAY = {"mode": "lasts", "tokens": 333, "target_lr": 0.02, "curve": LINEAR}
LAST = {"mode": "rest", "target_lr": 0.01, "curve": CONSTANT}


def schedule(total_steps, phases=(WARMUP, HOLD, DECAY, LAST), **fields):
    section = {"initial_multiplier": 0.0, "phases": list(phases), "tokens_per_step": 10, "published_tokens": 1000}
    return build_schedule(resolve_lr({**section, "reference_lr": 1.0, "peak_lr": 0.2, **fields}), total_steps)


def ends(*arguments, **fields):
    return [phase.end_step for phase in schedule(*arguments, **fields).phases]


def test_in_a_run_of_its_length_it_is_as_published():
    # 600 / 10 = 60; 60 + floor(33.3) = 93; the rest to 1000 / 10 = 100
    assert ends(100) == [20, 60, 93, 100]
    assert schedule(100).multiplier(60) == 0.2  # 0.2 over the reference of 1.0


def test_a_part_of_a_step_at_the_end_is_no_step():
    assert ends(100, published_tokens=1009)[-1] == 100


@pytest.mark.parametrize(
    ("total_steps", "fields", "expected"),
    [
        (101, {}, "101 is not the length that this schedule is published with: 1000 tokens, 100 steps of the run"),
        (99, {}, "99 is not the length"),
        (
            7,
            {"published_tokens": None, "published_steps": 100},
            "7 is not the length that this schedule is published w",
        ),
    ],
)
def test_in_another_run_it_is_refused_with_both_numbers(total_steps, fields, expected):
    with pytest.raises(ConfigError, match=re.escape(expected)) as caught:
        schedule(total_steps, **fields)
    assert "type lr.stretch=true to lay its shape over the run" in str(caught.value)


# total steps: where each phase ends when stretched
STRETCHED = {
    100: [20, 60, 93, 100],
    10: [2, 6, 9, 10],  # 20 / 10 = 2, 60 / 10 = 6, floor(6 + 3.33) = 9
    37: [7, 22, 34, 37],  # 7.4, 22.2, floor(22.2 + 12.32) = 34
    1000: [200, 600, 933, 1000],  # 600 + 333
    3: [0, 1, 2, 3],  # 0.6, 1.8, floor(1.8 + 0.999): no end rests on one that was rounded
}


@pytest.mark.parametrize("total_steps", STRETCHED)
def test_stretched_its_boundaries_are_scaled_exactly_and_rounded_down(total_steps):
    assert ends(total_steps, stretch=True) == STRETCHED[total_steps]


def test_stretched_its_peak_is_the_base_learning_rate():
    stretched = schedule(10, stretch=True)
    assert stretched.multiplier(2) == 1.0
    assert stretched.multiplier(9) == pytest.approx(0.05, rel=1e-15)  # 0.01 / 0.2


def test_stretched_it_needs_no_reference_and_no_batch_of_its_own():
    assert schedule(10, stretch=True, reference_lr=None).multiplier(2) == 1.0
    fields = {"published_tokens": None, "tokens_per_step": None, "published_steps": 100, "stretch": True}
    until = {"mode": "until", "steps": 60, "target_multiplier": 1.0, "curve": LINEAR}
    assert ends(50, phases=[until, {**LAST, "target_lr": None, "target_multiplier": 0.0}], **fields) == [30, 50]


def test_fractions_are_not_stretched_and_what_is_before_the_end_is():
    until = {"mode": "until", "fraction": 0.8, "target_lr": 0.2, "curve": CONSTANT}
    before = {"mode": "before_end", "tokens": 100, "target_lr": 0.2, "curve": CONSTANT}
    # 0.8 of 37 is 29.6; 100 of 1000 tokens before the end are 3.7 steps: 33.3
    assert ends(37, phases=[until, before, LAST], stretch=True) == [29, 33, 37]


def test_the_steps_of_a_curve_are_stretched_and_a_step_ahead_stays_one():
    ahead = {"mode": "steps", "steps": 20, "target_lr": 0.2, "curve": LINEAR, "ahead_steps": 1}
    halving = {"mode": "rest", "target_lr": 0.0, "curve": {"type": "half_life", "steps": 10}}
    stretched = schedule(50, phases=[ahead, halving], stretch=True)
    assert [stretched.multiplier(step) for step in (0, 9, 10, 15)] == [0.1, 1.0, 1.0, 0.5]
    spans = [{**HOLD, "curve_until": 70, "curve": LINEAR}, {**LAST, "curve_from": 30, "curve": LINEAR}]
    assert [phase.laid_over for phase in schedule(50, phases=spans, stretch=True).phases] == [(0, 35), (15, 50)]


def test_a_schedule_without_a_published_length_is_not_changed():
    flat = {
        "initial_multiplier": 0.0,
        "phases": [
            {**WARMUP, "target_lr": None, "target_multiplier": 1.0},
        ],
    }
    for stretch in (False, True):
        assert build_schedule(resolve_lr({**flat, "stretch": stretch}), 50).phases[0].end_step == 20


def test_what_says_nothing_is_not_written_and_the_rest_comes_back():
    flat = {"initial_multiplier": 0.0, "phases": [HOLD], "tokens_per_step": 10, "reference_lr": 1.0, "stretch": False}
    assert "stretch" not in PiecewiseConfig.model_validate(flat).model_dump_json()
    config = PiecewiseConfig.model_validate({**flat, "published_tokens": "1K", "peak_lr": 0.2, "stretch": True})
    assert PiecewiseConfig.model_validate_json(config.model_dump_json()) == config


def test_a_schedule_that_is_kept_is_written_as_it_was_stretched():
    section = {"initial_multiplier": 0.0, "phases": [WARMUP, HOLD, LAST], "tokens_per_step": 10}
    config = resolve_lr({**section, "published_tokens": 1000, "peak_lr": 0.2, "stretch": True})
    kept = build_schedule(in_steps(build_schedule(config, 37), 50), 50)
    assert kept.multipliers(range(37)).tolist() == build_schedule(config, 37).multipliers(range(37)).tolist()


def test_a_published_length_in_tokens_wants_the_tokens_of_a_step():
    with pytest.raises(ConfigError, match="tokens_per_step: is missing"):
        schedule(100, tokens_per_step=None)
    assert math.isclose(
        schedule(100, tokens_per_step=None, samples_per_step=2, tokens_per_sample=5).multiplier(30), 0.2
    )

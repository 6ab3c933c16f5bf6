"""Advice: each kind by a schedule that earns it and by one just beside it that does not."""

import pytest

from d9d_lr import build_schedule, compose_lr
from d9d_lr.config.advice import advice_for, without_defaults
from d9d_lr.config.models import PiecewiseSchedulerConfig
from d9d_lr.plotting.series import compose_series

TOTAL = 1000


def schedule(initial, *phases, total=TOTAL, positions=None):
    """Each phase: (length, target) or (length, target, curve); a length is steps, a fraction, or "rest"."""
    listed = []
    for length, target, *curve in phases:
        match length:
            case "rest":
                how = {"mode": "rest"}
            case float():
                how = {"mode": "percentage", "percentage": length}
            case _:
                how = {"mode": "steps", "steps": length}
        listed.append({**how, "target_multiplier": target, "curve": {"type": curve[0] if curve else "linear"}})
    return build_schedule(
        PiecewiseSchedulerConfig(initial_multiplier=initial, phases=listed), total, positions=positions
    )


def kinds(one):
    return [advice.kind for advice in advice_for(one)]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        # nothing to say: starts above 0, climbs, holds, decays to the end
        (schedule(0.01, (100, 1.0), (0.8, 1.0), ("rest", 0.1)), []),
        # the first step
        (schedule(0.0, (100, 1.0), ("rest", 0.1)), ["first_step_zero"]),
        (schedule(0.0, (0.0, 0.5), ("rest", 0.1)), ["jump"]),  # m(0) is 0.5: the phase of 0 steps has jumped
        # jumps and phases of zero steps
        (schedule(1.0, (0.5, 1.0), (0.5, 0.5), ("rest", 0.5)), ["jump"]),
        (schedule(1.0, (0.5, 1.0), (0.5, 1.0), ("rest", 0.5)), ["zero_steps"]),
        (schedule(0.1, (0.0009, 1.0), ("rest", 0.1)), ["jump"]),  # 0.9 of a step is none
        (schedule(0.1, (0.001, 1.0), ("rest", 0.1)), []),  # one step
        # the end: 900 of 1000 steps is not early, 899 is
        (schedule(1.0, (900, 0.1)), []),
        (schedule(1.0, (899, 0.1)), ["ends_early"]),
        # warmup: 500 of 1000 steps is half, 501 is over it; two climbing phases are one warmup
        (schedule(0.1, (500, 1.0), ("rest", 0.1)), []),
        (schedule(0.1, (501, 1.0), ("rest", 0.1)), ["long_warmup"]),
        (schedule(0.1, (300, 0.5), (300, 1.0), ("rest", 0.1)), ["long_warmup"]),
        # exponential from or to 0
        (schedule(0.0, (100, 1.0, "exponential"), ("rest", 0.1)), ["exponential_clamped"]),  # m(0) is 1e-8, not 0
        (schedule(1.0, ("rest", 0.0, "exponential")), ["exponential_clamped"]),
        (schedule(1.0, ("rest", 1e-8, "exponential")), []),
        # the final multiplier
        (schedule(0.1, (100, 1.0), (0.8, 1.0), ("rest", 1.5)), ["final_above_peak"]),
        (schedule(0.1, (100, 1.0), ("rest", 10.0)), ["long_warmup", "final_above_peak"]),
        (schedule(0.1, (100, 0.5), (100, 1.0), (0.9, 1.0)), []),  # a climb in two phases up to the base LR
        (schedule(0.1, (100, 1.0), (0.8, 1.0), ("rest", 1.0)), []),
        # negative multipliers
        (schedule(-0.5, ("rest", 1.0)), ["long_warmup", "negative"]),
        (schedule(1.0, ("rest", -0.1)), ["negative"]),
        # a hold off its level: the warmup goes to 0.5 and the hold on to 1.0, or from 2.0 back to 1.0
        (schedule(0.1, (100, 0.5), (0.4, 1.0), ("rest", 0.1)), ["hold_changes"]),
        (schedule(0.1, (100, 2.0), (0.8, 1.0), ("rest", 0.1)), ["hold_changes"]),
        (schedule(0.1, (100, 0.5), (0.2, 1.0), ("rest", 0.1)), []),  # no longer than the first: a warmup in two parts
        (schedule(0.1, (100, 1.0), (0.8, 0.5, "cosine"), ("rest", 0.1)), []),  # a decay in two parts
    ],
)
def test_each_kind_on_both_sides_of_its_edge(one, expected):
    assert kinds(one) == expected


def test_a_line_has_the_key_the_numbers_and_what_to_type():
    (line,) = map(str, advice_for(schedule(0.0, (100, 1.0), ("rest", 0.1))))
    assert line == (
        "advice: lr.initial_multiplier: step 0 has learning rate 0 and learns nothing "
        "(to start above 0, type lr.initial_multiplier=0.01)"  # 1.0 / 100 steps
    )


@pytest.mark.parametrize(
    ("typed", "expected"),
    [([], ["ends_early"]), (["lr.initial_multiplier=0.0"], ["first_step_zero", "ends_early"])],
)
def test_the_packaged_start_is_meant_and_a_typed_one_may_not_be(typed, expected):
    found = advice_for(schedule(0.0, (100, 1.0), (0.8, 1.0)))
    assert [advice.kind for advice in without_defaults(found, ["lr=wsd", *typed])] == expected


def test_keys_are_the_positions_as_typed():
    one = schedule(1.0, (0.8, 1.0), (0.8, 0.5), ("rest", -1.0), positions=["1", "3", "7"])
    assert [advice.key for advice in advice_for(one)] == [
        "lr.phases.3",
        "lr.phases.7.target_multiplier",
    ]


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (["lr/warmup@lr.phases.0=none"], ["first_step_zero", "climbs_without_warmup", "long_warmup"]),
        (["lr/warmup@lr.phases.0=none", "lr.initial_multiplier=1.0"], []),
        (
            ["lr=warmup_cosine", "lr/warmup@lr.phases.0=none"],
            ["first_step_zero", "climbs_without_warmup", "long_warmup"],
        ),
        (["lr=warmup_constant"], ["first_step_zero", "ends_early"]),
        (["lr=step_list"], ["jump", "jump"]),
        (["lr=constant"], []),
        (["lr=linear_to_zero"], []),
    ],
)
def test_what_people_get_for_the_packaged_groups(overrides, expected):
    (one,) = compose_series(overrides)
    assert kinds(one.schedule) == expected


@pytest.mark.parametrize(
    "overrides",
    [
        ["lr=warmup_constant"],
        ["lr/warmup@lr.phases.0=none"],
        ["lr.phases.0.target_multiplier=2"],
        ["lr=wsd"],
        ["lr/decay@lr.phases.2=none"],
    ],
)
def test_what_a_hint_says_to_type_removes_the_advice(overrides):
    reasons = ("to start above 0, type ", "to start at the base learning rate, type ", "to hold it, type ")
    reasons += ("to fill the rest, type +lr/decay@",)
    (before,) = compose_series(overrides)
    for advice in advice_for(before.schedule, free_position=before.free_position):
        if advice.hint:
            assert advice.hint.startswith(reasons)
            (after,) = compose_series([*overrides, advice.hint.rpartition("type ")[2]])
            assert advice.kind not in kinds(after.schedule)


def test_without_total_steps_nothing_is_said_about_the_run():
    config = compose_lr(["lr=warmup_constant", "lr.initial_multiplier=0.1"])
    assert kinds(build_schedule(config, None)) == []

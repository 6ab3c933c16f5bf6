"""Lengths in steps, epochs, samples, tokens and fractions: where they end, with the arithmetic beside them."""

import json
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from d9d_lr import ConfigError, build_schedule, resolve_lr
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.schedule.units import Units, count, exact

CONSTANT = {"type": "constant"}
PER_STEP = {"steps_per_epoch": 40, "samples_per_step": 32, "tokens_per_step": 4096}


def section(*phases, **more):
    return {
        "initial_multiplier": 1.0,
        "phases": [{"target_multiplier": 1.0, "curve": CONSTANT, **one} for one in phases],
        **more,
    }


def ends(total_steps, *phases, **more):
    config = resolve_lr(section(*phases, **{**PER_STEP, **more}), total_steps)
    return [phase.end_step for phase in build_schedule(config, total_steps).phases]


LASTS, UNTIL, BEFORE_END = ({"mode": mode} for mode in ("lasts", "until", "before_end"))

# 1000 steps of 32 samples and 4096 tokens, 40 steps an epoch, after a phase of 100 steps.
ENDS = [
    ({**LASTS, "steps": 50}, 150),
    ({**LASTS, "steps": 0}, 100),  # a jump
    ({**LASTS, "epochs": 2}, 180),  # 100 + 80
    ({**LASTS, "epochs": 0.49}, 119),  # 19.6 steps
    ({**LASTS, "samples": 320}, 110),  # 320 / 32
    ({**LASTS, "samples": 319}, 109),  # the tenth step is not wholly inside
    ({**LASTS, "tokens": 40960}, 110),
    ({**LASTS, "tokens": "1M"}, 344),  # 244.14 steps
    ({**LASTS, "fraction": 0.57}, 670),
    ({**UNTIL, "steps": 100}, 100),
    ({**UNTIL, "epochs": 3}, 120),
    ({**UNTIL, "samples": "3.2K"}, 100),
    ({**UNTIL, "samples": 3232}, 101),
    ({**UNTIL, "tokens": 4.096e6}, 1000),
    ({**UNTIL, "tokens": 4095999}, 999),
    ({**UNTIL, "fraction": 0.57}, 570),
    ({**BEFORE_END, "steps": 0}, 1000),
    ({**BEFORE_END, "steps": 900}, 100),
    ({**BEFORE_END, "epochs": 1.5}, 940),
    ({**BEFORE_END, "samples": 33}, 998),  # 31 967 samples are 998.97 steps
    ({**BEFORE_END, "tokens": 4096}, 999),
    ({**BEFORE_END, "fraction": 0.43}, 570),
]


@pytest.mark.parametrize(("phase", "end"), ENDS, ids=lambda value: str(value))
def test_where_an_amount_ends(phase, end):
    assert ends(1000, {"mode": "steps", "steps": 100}, phase) == [100, end]


def test_published_amounts_are_exact():
    # DeepSeek-V3's constant phase until 10T tokens at 15 360 sequences of 4 096: 158 945.7 steps
    per_step = 15_360 * 4_096
    assert 10**13 // per_step == 158_945
    found = ends(
        250_000, {**UNTIL, "tokens": "10T"}, samples_per_step=15_360, tokens_per_sample=4_096, tokens_per_step=None
    )
    assert found == [158_945]


def test_an_epoch_is_as_many_steps_as_the_examples_take():
    # 1438 examples of 32 a step are 44.9375 steps: two epochs are 89.875
    found = ends(1000, {**LASTS, "epochs": 2}, steps_per_epoch=None, samples_per_epoch=1438, samples_per_step=32)
    assert found == [89]


def test_0_1_is_a_tenth():
    # 0.1 * 30 steps an epoch is 3; the floating-point product of 3 * 0.1 and 10 would be above it
    assert ends(100, {**LASTS, "epochs": 0.1}, {**LASTS, "epochs": 0.2}, steps_per_epoch=30) == [3, 9]


@given(st.integers(1, 10**13), st.integers(1, 10**8), st.integers(1, 10**6))
def test_an_amount_ends_at_the_last_step_wholly_inside(amount, per_step, start):
    units = Units(tokens_per_step=per_step)
    end = int(units.steps_for("tokens", units.amount_after("tokens", start) + exact(amount)))
    assert (end - start) * per_step <= amount < (end - start + 1) * per_step


@pytest.mark.parametrize(
    ("written", "value"),
    [("10e12", 10**13), ("1.2T", 1.2e12), ("375M", 375e6), ("4K", 4000), ("0.5B", 5e8), ("12", 12)],
)
def test_counts_as_people_write_them(written, value):
    read = OmegaConf.create(f"tokens: {written}").tokens
    assert count(read) == value
    assert exact(count(read)) == Fraction(value)


REFUSED = [
    (
        [{**UNTIL, "tokens": "10X"}],
        {},
        "lr.phases.0.tokens: '10X' is not allowed; it must be a finite",
    ),
    ([{**UNTIL, "tokens": True}], {}, "lr.phases.0.tokens: true is not allowed"),
    ([{**UNTIL, "tokens": -1}], {}, "lr.phases.0.tokens: -1 is not allowed"),
    (
        [{**UNTIL, "fraction": 1.5}],
        {},
        "lr.phases.0.fraction: 1.5 is not allowed; it must be a finite number from 0.0",
    ),
    ([{**UNTIL, "steps": 1.5}], {}, "lr.phases.0.steps: 1.5 is not allowed; it must be a whole number from 0"),
    ([UNTIL], {}, "lr.phases.0.fraction: is missing; there must be one of steps, epochs, samples, tokens, fraction"),
    (
        [{**LASTS, "fraction": 0.5, "tokens": 4096}],
        {},
        "fraction: 0.5 stands beside tokens, 4096, and only one of them may\n    type lr.phases.0.fraction=null",
    ),
    (
        [{**UNTIL, "tokens": 1}],
        {"tokens_per_step": None},
        "lr.tokens_per_step: is missing; phases.0 needs it\n    type lr.tokens_per_step=NUMBER",
    ),
    ([{**UNTIL, "epochs": 1}], {"steps_per_epoch": None}, "lr.steps_per_epoch: is missing; phases.0 needs it"),
    (
        [{**UNTIL, "samples": 1}],
        {"samples_per_step": 0},
        "lr.samples_per_step: 0 is not allowed; it must be a finite",
    ),
    (
        [{**UNTIL, "tokens": "1T"}],
        {},
        "lr.phases.0.tokens: up to here the phases need 244140625 steps, total_steps is 1000",
    ),
    (
        [{"mode": "steps", "steps": 100}, {**BEFORE_END, "samples": "31K"}],
        {},
        "lr.phases.1.samples: 31000 samples before the end ends at step 31, before step 100",
    ),
    (
        [{"mode": "rest", "target_multiplier": None}],
        {},
        "lr.phases.0.target_multiplier: is missing; it must be",
    ),
    (
        [{"mode": "rest", "target_lr": 1e-5}],
        {"reference_lr": 1e-3},
        "lr.phases.0.target_multiplier: 1 stands beside target_lr, 1e-05, and only one of them may\n"
        "    type lr.phases.0.target_multiplier=null",
    ),
    (
        [{"mode": "rest", "target_lr": 1e-5, "target_multiplier": None}],
        {},
        "lr.phases.0.target_lr: is a learning rate, and reference_lr, which the multipliers multiply, is missing",
    ),
]


@pytest.mark.parametrize(("phases", "more", "message"), REFUSED, ids=lambda value: str(value)[-40:])
def test_what_is_refused_says_what_to_type(phases, more, message):
    with pytest.raises(ConfigError) as caught:
        resolve_lr(section(*phases, **{**PER_STEP, **more}), 1000)
    assert message in "\n".join(map(str, caught.value.problems))


def test_learning_rates_stand_in_for_multipliers():
    # DeepSeek-V3: 2.2e-4 held, then a cosine to 2.2e-5, then 7.3e-6 at once
    config = resolve_lr(
        {
            "initial_multiplier": 1.0,
            "reference_lr": 2.2e-4,
            "phases": [
                {"mode": "steps", "steps": 10, "target_lr": 2.2e-5, "curve": {"type": "cosine"}},
                {"mode": "rest", "start_lr": 1.1e-4, "target_lr": 7.3e-6, "curve": {"type": "linear"}},
            ],
        },
        20,
    )
    schedule = build_schedule(config, 20)
    found = schedule.multipliers([0, 5, 9, 10, 15, 20])
    assert [2.2e-4 * value for value in found] == pytest.approx(
        # halfway down the cosine; its ninth tenth; the jump to 1.1e-4; halfway from there
        [2.2e-4, 1.21e-4, 2.2e-5 + 1.98e-4 * 0.024471741852423234, 1.1e-4, 5.865e-5, 7.3e-6],
        rel=1e-12,
    )
    assert found.tolist() == [schedule.multiplier(step) for step in (0, 5, 9, 10, 15, 20)]


def test_a_start_of_its_own_is_a_jump_and_comes_back_from_a_checkpoint():
    from d9d_lr.schedule.values import from_plain, to_plain

    down = {"mode": "steps", "steps": 4, "target_multiplier": 0.0, "curve": {"type": "linear"}}
    config = PiecewiseConfig.model_validate(
        {"initial_multiplier": 1.0, "phases": [down, {**down, "start_multiplier": 0.5}]}
    )
    schedule = build_schedule(config, 8)
    assert schedule.multipliers(range(9)).tolist() == [1, 0.75, 0.5, 0.25, 0.5, 0.375, 0.25, 0.125, 0]
    assert (
        from_plain(json.loads(json.dumps(to_plain(schedule)))).multipliers(range(9)).tolist()
        == schedule.multipliers(range(9)).tolist()
    )
    assert "start_multiplier" not in to_plain(build_schedule(config, 8))["phases"][0]


def test_what_no_phase_needs_is_not_part_of_the_config():
    plain = section({"mode": "rest"})
    assert resolve_lr({**plain, **PER_STEP, "reference_lr": 0.1}) == resolve_lr(plain)
    kept = json.loads(resolve_lr(section({**UNTIL, "tokens": 10}, **PER_STEP)).model_dump_json())["scheduler"]
    assert kept["tokens_per_step"] == 4096
    assert "steps_per_epoch" not in kept
    assert kept["phases"] == [{"mode": "until", "tokens": 10.0, "target_multiplier": 1.0, "curve": CONSTANT}]
    assert PiecewiseConfig.model_validate({"scheduler": kept}) == resolve_lr(
        section({**UNTIL, "tokens": 10}, **PER_STEP)
    )

"""Megatron's ramp of the batch by its three numbers, against its own rule followed step by step."""

import random

import pytest

from canon.systems import megatron_rampup
from d9d_lr import ConfigError, build_schedule, compose_lr, resolve_lr
from d9d_lr.config.batch_sizes import build_batch_sizes

RAMPS = 5000


def sizes_of(numbers, full, total_steps, *more):
    section = {"initial_multiplier": 1.0, "phases": [{"mode": "rampup", "rampup_batch_size": list(numbers)}, *more]}
    return build_batch_sizes(resolve_lr(section), total_steps, full)


def followed(numbers, full, total_steps):
    """Every batch as Megatron takes it: by the examples of all before."""
    found, consumed = [], 0
    for _ in range(total_steps):
        found.append(megatron_rampup(consumed, *numbers, full) if numbers[0] < full else full)
        consumed += found[-1]
    return found


def random_ramp(dice):
    increment, count, start = dice.randint(1, 64), dice.randint(0, 30), dice.randint(1, 300)
    full = start + count * increment
    samples = dice.choice([dice.randint(1, 20 * full), full * dice.randint(1, 40), dice.randint(1, 400)])
    return (start, increment, samples), full


def test_no_step_of_random_ramps_differs_from_megatrons_rule():
    dice = random.Random(0)
    for _ in range(RAMPS):
        numbers, full = random_ramp(dice)
        total_steps = dice.randint(1, 80)
        batch = sizes_of(numbers, full, total_steps)
        found = [batch.size(step) for step in range(total_steps)]
        assert found == followed(numbers, full, total_steps), (numbers, full)


@pytest.mark.parametrize(
    ("numbers", "full", "expected"),
    [
        # issue 2609: 160 samples in one stair, 20 steps of 8
        ((8, 8, 160), 16, [8] * 20 + [16] * 10),
        # two stairs of 50: 4 * 13 = 52 samples reach the first, 52 + 8 * 6 = 100 the second
        ((4, 4, 100), 12, [4] * 13 + [8] * 6 + [12] * 11),
        # a step of 100 samples passes four stairs of 20 at once
        ((100, 1, 80), 104, [100] + [104] * 29),
        # 10 / 3 = 3.33: reached by 4, 7 and 10 samples; each step has passed one or more
        ((3, 1, 10), 6, [3, 3, 4] + [6] * 27),
        ((16, 4, 100), 16, [16] * 30),
    ],
)
def test_by_hand(numbers, full, expected):
    batch = sizes_of(numbers, full, 30)
    assert [batch.size(step) for step in range(30)] == expected
    assert batch.size(10**9) == full


def test_the_numbers_of_a_large_run_are_exact():
    # Apertus 70B: 2048 2048 1072164864; 1 072 164 864 / 2048 = 523 518 steps
    assert [phase.end_step for phase in sizes_of((2048, 2048, 1_072_164_864), 4096, 10**6).schedule.phases] == [
        523_518,
        10**6,
    ]


def test_a_run_may_end_in_the_ramp_and_a_phase_may_follow_it():
    assert [phase.end_step for phase in sizes_of((8, 8, 160), 16, 7).schedule.phases] == [7, 7]
    half = {"mode": "rest", "target_multiplier": 0.5, "curve": {"type": "constant"}}
    batch = sizes_of((8, 8, 160), 16, 30, half)
    assert [batch.size(step) for step in (0, 19, 20, 29)] == [8, 8, 8, 8]


@pytest.mark.parametrize(
    ("numbers", "full", "message"),
    [
        (
            (8, 5, 160),
            16,
            r"rampup_batch_size: from 8 in stairs of 5 it comes to 13 and 18, and not to 16, a full batch",
        ),
        ((32, 8, 160), 16, r"rampup_batch_size: begins with 32 examples, and a full batch has 16"),
        ((1, 1, 10**6), 2000, r"from 1 to 2000 there are 1999 stairs, and at most 1000 are possible"),
    ],
)
def test_numbers_that_do_not_lead_to_a_full_batch(numbers, full, message):
    with pytest.raises(ConfigError, match=message):
        sizes_of(numbers, full, 100)


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ([8, 8], "rampup_batch_size"),
        ([8, 8, 0], r"rampup_batch_size\.2"),
        ([8, 8.5, 160], r"rampup_batch_size\.1"),
        (["8", 8, 160], r"rampup_batch_size\.0"),
        (160, "rampup_batch_size"),
    ],
)
def test_what_are_no_three_numbers(numbers, message):
    typed = [f"+lr.phases.0={{mode: rampup, rampup_batch_size: {numbers}}}"]
    section = {"initial_multiplier": 1.0, "phases": [{"mode": "rampup", "rampup_batch_size": numbers}]}
    with pytest.raises(ConfigError, match=message) as refused:
        resolve_lr(section, key="schedules.batch_size")
    assert "schedules.batch_size.phases.0.rampup_batch_size" in str(refused.value), typed


def test_it_begins_with_the_run_and_only_a_batch_has_it():
    with pytest.raises(ConfigError, match=r"phases\.1\.mode: a ramp begins with the run; it must be the first phase"):
        build_batch_sizes(
            resolve_lr(
                {
                    "initial_multiplier": 1.0,
                    "phases": [
                        {"mode": "steps", "steps": 5, "target_multiplier": 1.0, "curve": {"type": "constant"}},
                        {"mode": "rampup", "rampup_batch_size": [8, 8, 160]},
                    ],
                }
            ),
            100,
            16,
        )
    config = resolve_lr({"initial_multiplier": 1.0, "phases": [{"mode": "rampup", "rampup_batch_size": [8, 8, 160]}]})
    with pytest.raises(ConfigError, match=r"phases\.0\.mode: is a ramp of the batch size, and this is not one"):
        build_schedule(config, 100)


def test_it_reads_back():
    config = compose_lr(["lr=batch_size/megatron_rampup"])
    assert type(config).model_validate_json(config.model_dump_json()) == config

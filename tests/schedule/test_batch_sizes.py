"""A batch that changes its size: where amounts end then, with the arithmetic beside them."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from d9d_lr import ConfigError, build_schedule, resolve_lr
from d9d_lr.config.batch_sizes import build_batch_sizes
from d9d_lr.schedule.batch import BatchShares, whole_examples

CONSTANT = {"type": "constant"}
UNTIL, LASTS, BEFORE_END = {"mode": "until"}, {"mode": "lasts"}, {"mode": "before_end"}


def sizes(*phases, total_steps=100, full=16, **more):
    """Batch sizes whose phases are numbers of examples."""
    section = {
        "initial_multiplier": 1.0,
        "phases": [one if "phases" in one else {"curve": CONSTANT, **one} for one in phases],
        "reference_value": full,
        "samples_per_step": full,
        **more,
    }
    return build_batch_sizes(resolve_lr(section, key="schedules.batch_size"), total_steps, full)


def lr(*phases, batch=None, total_steps=100, **more):
    section = {
        "initial_multiplier": 0.0,
        "phases": [{"target_multiplier": 1.0, "curve": {"type": "linear"}, **one} for one in phases],
        "samples_per_step": 16,
        **more,
    }
    return build_schedule(resolve_lr(section), total_steps, batch=batch.counted_with() if batch else None)


def ramp_of_issue_2609():
    """Megatron-Bridge issue 2609: train_iters 100, global_batch_size 16, rampup_batch_size [8, 8, 160]."""
    return sizes({**UNTIL, "samples": 160, "target_value": 8}, {"mode": "rest", "target_value": 16})


def test_the_ramp_of_megatron_bridge_issue_2609():
    batch = ramp_of_issue_2609()
    # 160 samples at 8 are 20 iterations; then 80 of 16
    assert [batch.size(step) for step in (0, 19, 20, 99, 100)] == [8, 8, 16, 16, 16]
    assert batch.samples_before(20) == 160
    assert batch.samples_before(100) == 1440  # 20 * 8 + 80 * 16, where 100 * 16 are 1600
    assert sum(batch.size(step) for step in range(100)) == 1440


def test_a_decay_in_samples_ends_where_the_run_does():
    """Bridge began the decay at sample 1280 of 1600, at iteration 90, and stopped half way through its 320 samples."""
    batch = ramp_of_issue_2609()
    phases = (
        {"mode": "steps", "steps": 10},
        {**BEFORE_END, "samples": 320},
        {"mode": "rest", "target_multiplier": 0.0},
    )
    schedule = lr(*phases, batch=batch)
    # 1440 - 320 = 1120 samples: 160 in 20 iterations, 960 in 60 more; so the decay has iterations 80 to 100
    assert [phase.end_step for phase in schedule.phases] == [10, 80, 100]
    assert schedule.multiplier(80) == 1.0
    assert schedule.multiplier(90) == 0.5
    assert schedule.multiplier(100) == 0.0
    # counted with the full batch, as Bridge did: 1600 - 320 = 1280 samples are iteration 80 only without a ramp
    assert [phase.end_step for phase in lr(*phases).phases] == [10, 80, 100]
    # a warmup of 80 samples ends with the tenth iteration of 8
    assert lr({**UNTIL, "samples": 80}, {"mode": "rest"}, batch=batch).phases[0].end_step == 10


# 20 steps of 8 samples (160), then 16; 4 tokens a sample. 160 samples are 640 tokens, 1440 are 5760.
ENDS = [
    ({**UNTIL, "samples": 159}, 19),  # 19 * 8 = 152; the twentieth step is not wholly inside
    ({**UNTIL, "samples": 160}, 20),
    ({**UNTIL, "samples": 175}, 20),  # 160 + 15
    ({**UNTIL, "samples": 176}, 21),
    ({**UNTIL, "samples": 1440}, 100),
    ({**UNTIL, "tokens": 639}, 19),
    ({**UNTIL, "tokens": 640}, 20),
    ({**UNTIL, "tokens": 704}, 21),  # 640 + 64
    ({**LASTS, "samples": 40}, 5),
    ({**LASTS, "samples": 192}, 22),  # 160 + 2 * 16
    ({**BEFORE_END, "samples": 1281}, 19),  # at 159 samples
    ({**BEFORE_END, "tokens": 64}, 99),
    ({**UNTIL, "fraction": 0.5}, 50),  # of the steps
    ({**UNTIL, "epochs": 1}, 30),  # 20 steps of a full batch: 10 in the first 20, 10 more
]


@pytest.mark.parametrize(("phase", "end"), ENDS, ids=str)
def test_where_an_amount_ends(phase, end):
    schedule = lr(phase, {"mode": "rest"}, batch=ramp_of_issue_2609(), tokens_per_sample=4, steps_per_epoch=20)
    assert schedule.phases[0].end_step == end


def test_a_phase_in_samples_begins_where_another_ended():
    # from step 10, after 80 samples: 112 more are 80 in 10 steps and 32 in two
    schedule = lr({"mode": "steps", "steps": 10}, {**LASTS, "samples": 112}, batch=ramp_of_issue_2609())
    assert schedule.phases[1].end_step == 22


def test_llama_3_405b():
    """arXiv:2407.21783, section 3.4.1: 4M tokens a batch at 4 096, 8M at 8 192 from 252M on, 16M from 2.87T on."""
    full = 16 * 2**20 // 8192  # sequences of 8 192
    batch = sizes(
        {**UNTIL, "tokens": "252M", "target_multiplier": 0.25},
        {**UNTIL, "tokens": "2.87T", "target_multiplier": 0.5},
        {"mode": "rest", "target_multiplier": 1.0},
        total_steps=1_200_000,
        full=full,
        tokens_per_sample=8192,
        samples_per_step=full,
    )
    # 252e6 / 4 194 304 = 60.08; from 60 * 4 194 304 on, (2.87e12 - 251 658 240) / 8 388 608 = 342 101.0 steps more
    first = 60
    second = first + (2_870_000_000_000 - first * 4 * 2**20) // (8 * 2**20)
    assert second == 342_160
    assert [batch.size(step) for step in (0, 59, 60, second - 1, second)] == [512, 512, 1024, 1024, 2048]


@given(
    st.lists(st.tuples(st.integers(1, 30), st.integers(1, 16)), min_size=1, max_size=5),
    st.integers(0, 200),
)
def test_steps_and_what_they_do_are_inverse(pieces, steps):
    shares, start, listed = BatchShares(), 0, []
    for length, size in pieces:
        shares = shares.then(start, Fraction(size, 16))
        listed += [size] * length
        start += length
    listed += [pieces[-1][1]] * 300
    assert shares.full_steps(steps) * 16 == sum(listed[:steps])
    assert shares.steps_for(shares.full_steps(steps)) == steps


def test_the_ramp_is_laid_over_a_shorter_run():
    # 1 step of 8 and 3 of 16 samples a part: published 640 + 2560 = 3200 tokens at 4 a sample, 20 + 40 = 60 steps
    ramp = ({**UNTIL, "tokens": 640, "target_value": 8}, {"mode": "rest", "target_value": 16})
    published = {"published_tokens": 3200, "tokens_per_sample": 4}
    assert sizes(*ramp, total_steps=60, **published).shares().pieces == ((0, Fraction(1, 2)), (20, Fraction(1)))
    half = sizes(*ramp, total_steps=30, stretch=True, **published)
    assert half.shares().pieces == ((0, Fraction(1, 2)), (10, Fraction(1)))
    with pytest.raises(ConfigError, match=r"30 is not the length that this schedule is published with.* 60 steps"):
        sizes(*ramp, total_steps=30, **published)
    # and the learning rate over the same part of it: 1600 tokens of 3200 are 20 + 15 steps of 60, so 17.5 of 30
    schedule = lr({**UNTIL, "tokens": 1600}, {"mode": "rest"}, batch=half, total_steps=30, stretch=True, **published)
    assert schedule.phases[0].end_step == 17


@pytest.mark.parametrize(
    ("phase", "message"),
    [
        ({"target_multiplier": 0.3}, r"phases\.0: 0\.3 of 16 examples are 4\.8; a batch must be a whole number"),
        ({"target_value": 0}, r"phases\.0: 0 of 16 examples are 0;"),
        ({"target_value": 8, "curve": {"type": "linear"}}, r"phases\.0\.curve\.type: a batch size is constant in each"),
        ({**BEFORE_END, "samples": 16, "target_value": 8}, r"phases\.0\.samples: the samples of the whole run depend"),
        (
            {**UNTIL, "fraction": 0.5, "target_value": 8, "published_tokens": 3200},
            r"phases\.0\.fraction: is counted from the whole run",
        ),
    ],
)
def test_what_no_batch_size_is(phase, message):
    phase = {"mode": "rest", **phase}
    published = {name: phase.pop(name) for name in ("published_tokens",) if name in phase}
    with pytest.raises(ConfigError, match=message):
        sizes(phase, tokens_per_sample=4, **published)


HALF = {"mode": "rest", "target_value": 8}
CYCLES = {"mode": "repeat", "times": 2, "phases": [{**HALF, "curve": CONSTANT}]}


@pytest.mark.parametrize(
    ("phase", "hint", "instead"),
    [
        ({**HALF, "curve": {"type": "linear"}}, r"type phases\.0\.curve\.type=constant", HALF),
        (
            {**HALF, **BEFORE_END, "samples": 16},
            "mode until counts from the start of the run",
            {**HALF, **UNTIL, "samples": 16},
        ),
        (CYCLES, "a batch size is not repeated: write its phases out", HALF),
    ],
)
def test_what_a_hint_about_a_batch_size_says_gives_one(phase, hint, instead):
    with pytest.raises(ConfigError, match=hint):
        sizes(phase, tokens_per_sample=4)
    assert sizes(instead, tokens_per_sample=4).sizes()[0] == 8


@pytest.mark.parametrize(("size", "full"), [(1, 49), (5, 49), (3, 7), (2047, 2048), (511, 12345)])
def test_a_quotient_that_is_rounded_is_a_whole_number(size, full):
    assert whole_examples(size / full, full) == size
    assert whole_examples((size + 0.001) / full, full) is None

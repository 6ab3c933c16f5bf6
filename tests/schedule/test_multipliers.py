"""The numbers of a schedule: tables worked out by hand, with the arithmetic beside them."""

import math

import numpy as np
import pytest

from d9d_lr import ConfigError, CurveCosine, CurveExponential, CurveLinear, CurvePoly, build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.units import floor_fraction

LINEAR, COSINE, EXPONENTIAL = {"type": "linear"}, {"type": "cosine"}, {"type": "exponential"}


def steps(count, target, curve=LINEAR):
    return {"mode": "steps", "steps": count, "target_multiplier": target, "curve": curve}


def until(percentage, target, curve=LINEAR):
    return {"mode": "percentage", "percentage": percentage, "target_multiplier": target, "curve": curve}


def rest(target, curve=LINEAR):
    return {"mode": "rest", "target_multiplier": target, "curve": curve}


def schedule_of(total_steps, initial, *phases):
    config = PiecewiseConfig.model_validate({"initial_multiplier": initial, "phases": list(phases)})
    return build_schedule(config, total_steps)


def values(schedule, wanted):
    """m of some steps, after making sure that the array form says the same to the last bit."""
    one_by_one = [schedule.multiplier(step) for step in wanted]
    assert schedule.multipliers(list(wanted)).tolist() == one_by_one
    return one_by_one


# Base LR 0.1, 10 steps: 2 steps from 0 to 1; until 0.5 (step 5) to 0.1; the rest (5 steps) to 0.01.
REFERENCE = {
    -1: 0.0,  # before the run: the initial multiplier
    0: 0.0,  # 0 + 1.0 * 0/2
    1: 0.05,  # 0.1 * (0 + 1.0 * 1/2)
    2: 0.1,  # the target, at the end of the first phase
    3: 0.07,  # 0.1 * (1 - 0.9 * 1/3)
    4: 0.04,  # 0.1 * (1 - 0.9 * 2/3)
    5: 0.01,  # the target of the second phase
    6: 0.0082,  # 0.1 * (0.1 - 0.09 * 1/5)
    7: 0.0064,  # 0.1 * (0.1 - 0.09 * 2/5)
    8: 0.0046,  # 0.1 * (0.1 - 0.09 * 3/5)
    9: 0.0028,  # 0.1 * (0.1 - 0.09 * 4/5)
    10: 0.001,  # the last target, and so it stays
    11: 0.001,
    1_000_000: 0.001,
}


def test_the_reference_table():
    schedule = schedule_of(10, 0.0, steps(2, 1.0), until(0.5, 0.1), rest(0.01))
    learning_rates = [0.1 * multiplier for multiplier in values(schedule, REFERENCE)]
    assert learning_rates == pytest.approx(list(REFERENCE.values()), rel=1e-15, abs=1e-18)


# From 0.2 to 1.0 over 4 steps: p = 0, 1/4, 1/2, 3/4, then the target.
CURVE_TABLE = [
    (LINEAR, [0.2, 0.4, 0.6, 0.8]),  # 0.2 + 0.8 p
    # 1 - 0.8 (1 + cos(pi p)) / 2, where cos(pi/4) = sqrt(1/2)
    (COSINE, [0.2, 1 - 0.4 * (1 + math.sqrt(0.5)), 0.6, 1 - 0.4 * (1 - math.sqrt(0.5))]),
    ({"type": "poly"}, [0.2, 0.2 + 0.8 / 16, 0.2 + 0.8 / 4, 0.2 + 0.8 * 9 / 16]),  # the default power is 2
    ({"type": "poly", "power": 0.5}, [0.2, 0.6, 0.2 + 0.8 * math.sqrt(0.5), 0.2 + 0.8 * math.sqrt(0.75)]),
    ({"type": "poly", "power": 1}, [0.2, 0.4, 0.6, 0.8]),
    (EXPONENTIAL, [0.2, 0.2 * 5**0.25, 0.2 * 5**0.5, 0.2 * 5**0.75]),  # 0.2 * (1.0/0.2)^p
    ({"type": "constant"}, [1.0, 1.0, 1.0, 1.0]),
    ({"type": "one_minus_sqrt"}, [0.2, 0.6, 0.2 + 0.8 * math.sqrt(0.5), 0.2 + 0.8 * math.sqrt(0.75)]),
    # 1 - 0.8 (1 - p)^power
    ({"type": "polynomial_decay"}, [0.2, 1 - 0.8 * 9 / 16, 1 - 0.8 / 4, 1 - 0.8 / 16]),
    ({"type": "polynomial_decay", "power": 0.5}, [0.2, 1 - 0.8 * math.sqrt(0.75), 1 - 0.8 * math.sqrt(0.5), 0.6]),
    ({"type": "inverse_linear"}, [0.2, 0.25, 1 / 3, 0.5]),  # 1/m goes from 5 to 1 in fours: 5, 4, 3, 2
    # 1 - 0.8 (2 * 0.5^p - 1)
    ({"type": "exponential_halving"}, [0.2, *(1 - 0.8 * (2 * 0.5**p - 1) for p in (0.25, 0.5, 0.75))]),
    # 1 - 0.8 (1 + cos(pi p^2)) / 2; at p = 1/2 the angle is pi/4
    ({"type": "k_decay_cosine"}, [0.2, 1 - 0.4 * (1 + math.cos(math.pi / 16)), 1 - 0.4 * (1 + math.sqrt(0.5)), None]),
    ({"type": "k_decay_cosine", "k": 1}, [0.2, 1 - 0.4 * (1 + math.sqrt(0.5)), 0.6, 1 - 0.4 * (1 - math.sqrt(0.5))]),
    # 1 - 0.8 [(1 + cos(pi p)) / 2]^2; at p = 1/2 that is 1/4
    ({"type": "cosine_power"}, [0.2, 1 - 0.2 * (1 + math.sqrt(0.5)) ** 2, 0.8, 1 - 0.2 * (1 - math.sqrt(0.5)) ** 2]),
]


@pytest.mark.parametrize(("curve", "expected"), CURVE_TABLE, ids=lambda value: str(value)[:40])
def test_each_curve_between_its_ends(curve, expected):
    schedule = schedule_of(10, 0.2, steps(4, 1.0, curve))
    for value, by_hand in zip(values(schedule, range(6)), [*expected, 1.0, 1.0], strict=True):
        assert by_hand is None or value == pytest.approx(by_hand, rel=1e-15)


# From 1.0 towards 0.2 over 4 steps, then a linear phase to 0.0 over 2: the multipliers at steps 0, 1, 3, 4 and 5.
TENDING = [
    ({"type": "inverse_sqrt", "timescale": 1}, [1 / math.sqrt(n + 1) for n in (0, 1, 3, 4)]),  # sqrt(1 / (1 + n))
    ({"type": "power_law", "exponent": 1, "timescale": 4}, [1.0, 4 / 5, 4 / 7, 0.5]),  # 4 / (4 + n)
    ({"type": "half_life", "steps": 2}, [1.0, math.sqrt(0.5), math.sqrt(0.5) / 2, 0.25]),  # 0.5^(n/2)
]


@pytest.mark.parametrize(("curve", "left"), TENDING, ids=lambda value: str(value)[:40])
def test_after_a_curve_of_the_steps_the_next_phase_starts_at_what_was_reached(curve, left):
    schedule = schedule_of(6, 1.0, steps(4, 0.2, curve), rest(0.0))
    reached = 0.2 + 0.8 * left[-1]
    expected = [*(0.2 + 0.8 * part for part in left[:3]), reached, reached / 2, 0.0]
    assert values(schedule, [0, 1, 3, 4, 5, 6]) == pytest.approx(expected, rel=1e-15)
    alone = schedule_of(6, 1.0, steps(4, 0.2, curve))
    assert values(alone, [4, 5, 100]) == pytest.approx([reached] * 3, rel=1e-15)  # and so it stays


@pytest.mark.parametrize(("start", "target"), [(1.0, 0.0), (0.0, 1.0), (1.0, -0.5)])
def test_a_straight_line_in_1_over_m_needs_values_above_0(start, target):
    message = rf"phases\.0\.curve: goes from {start:g} to {target:g}, and inverse_linear .* must be above 0"
    with pytest.raises(ConfigError, match=message):
        schedule_of(10, start, steps(4, target, {"type": "inverse_linear"}))


def test_exponential_treats_zero_as_1e_8():
    # halfway in log space between 1e-8 and 1: 1e-4; the target itself is exactly what was written
    schedule = schedule_of(10, 0.0, steps(2, 1.0, EXPONENTIAL), steps(2, 0.0, EXPONENTIAL))
    assert values(schedule, range(5)) == pytest.approx([1e-8, 1e-4, 1.0, 1e-4, 0.0], rel=1e-12)
    assert schedule.multiplier(4) == 0.0


@pytest.mark.parametrize(
    ("curve", "quarter"),
    [
        (CurveLinear(), 0.75),  # 1 - 1/4
        (CurveCosine(), (1 + math.sqrt(0.5)) / 2),
        (CurvePoly(3.0), 1 - 1 / 64),
        (CurveExponential(), 1e-2),  # a quarter of the eight decades from 1 to 1e-8
    ],
)
def test_curve_objects_compute_from_one_down_to_zero(curve, quarter):
    assert curve.compute(start=1.0, end=0.0, step_p=0.25) == pytest.approx(quarter, rel=1e-12)
    assert curve.compute_array(1.0, 0.0, np.array([0.25])).tolist() == [curve.compute(1.0, 0.0, 0.25)]


def test_poly_has_power_two_by_default():
    assert CurvePoly().power == 2.0


@pytest.mark.parametrize("power", [0, -1.0, math.nan, math.inf, True])
def test_poly_refuses_a_power_that_is_no_power(power):
    with pytest.raises(ConfigError, match=f"power: {power} is not allowed; it must be a finite number above 0"):
        CurvePoly(power)


def test_both_sides_of_each_boundary():
    # [0, 3) from 0 to 1; [3, 6) stays at 1; [6, 10) from 1 to 0.2
    schedule = schedule_of(10, 0.0, steps(3, 1.0), until(0.6, 1.0), rest(0.2))
    expected = {
        0: 0.0,
        2: 2 / 3,
        3: 1.0,  # the target of the warmup is reached at its end
        5: 1.0,
        6: 1.0,  # the decay's p is 0 here
        7: 0.8,  # 1 - 0.8/4
        9: 0.4,  # 1 - 0.8 * 3/4
        10: 0.2,
    }
    assert values(schedule, expected) == pytest.approx(list(expected.values()), rel=1e-15)
    assert [(phase.mode, phase.start_step, phase.end_step) for phase in schedule.phases] == [
        ("steps", 0, 3),
        ("percentage", 3, 6),
        ("rest", 6, 10),
    ]


def test_a_phase_of_no_steps_is_a_jump():
    # at step 5 from 1.0 straight to 0.5: 0.5 of 10 steps comes twice
    schedule = schedule_of(10, 1.0, until(0.5, 1.0), until(0.5, 0.5), rest(0.5))
    assert values(schedule, [4, 5, 9]) == [1.0, 0.5, 0.5]


def test_a_jump_at_step_0_leaves_what_is_before_it():
    schedule = schedule_of(10, 0.0, until(0.0, 1.0), rest(1.0))
    assert values(schedule, [-1, 0, 1]) == [0.0, 1.0, 1.0]


def test_a_jump_at_the_end_is_seen_after_it():
    schedule = schedule_of(4, 1.0, steps(4, 1.0), rest(0.0))
    assert values(schedule, [3, 4]) == [1.0, 0.0]


def test_a_schedule_of_jumps_only():
    schedule = schedule_of(10, 0.3, until(0.0, 0.6), until(0.0, 0.9))
    assert values(schedule, [-1, 0, 5]) == [0.3, 0.9, 0.9]


def test_after_the_last_phase_its_target_stays():
    schedule = schedule_of(100, 0.0, steps(10, 0.7))
    assert values(schedule, [9, 10, 99, 100, 10**9]) == [0.7 * 0.9, 0.7, 0.7, 0.7, 0.7]


def test_holes_close_up():
    phases = {"4": rest(0.0), "0": steps(2, 1.0), "2": {}, "3": None}
    config = PiecewiseConfig.model_validate({"initial_multiplier": 0.0, "phases": phases})
    # [0, 2) from 0 to 1, [2, 4) from 1 to 0
    assert values(build_schedule(config, 4), range(5)) == [0.0, 0.5, 1.0, 0.5, 0.0]


FLOORS = [
    (10_000, 0.57, 5_700),  # the float product is 5699.999999999999
    (100, 0.29, 29),  # 28.999999999999996
    (100, 0.58, 58),  # 57.99999999999999
    (1000, 0.001, 1),
    (10, 0.99, 9),  # 9.9
    (10, 1.0, 10),
    (10, 0.0, 0),
    (3, 1 / 3, 0),  # 0.3333333333333333 as written is below a third
    (7, 1e-300, 0),
    (MAX_STEPS, 1.0, MAX_STEPS),
    (MAX_STEPS, 0.1, 900_719_925_474_099),  # 900719925474099.2
]


@pytest.mark.parametrize(("total_steps", "percentage", "expected"), FLOORS)
def test_a_percentage_is_exact_on_the_decimal_as_written(total_steps, percentage, expected):
    assert floor_fraction(total_steps, percentage) == expected
    schedule = schedule_of(total_steps, 1.0, until(percentage, 0.75), until(1.0, 0.75))
    assert [phase.end_step for phase in schedule.phases] == [expected, total_steps]


def test_the_boundary_of_an_exact_percentage_shows_in_the_multipliers():
    # 0.57 of 10 000 is 5 700: the phase's last step is 5 699, where a floating-point floor would already have ended it
    schedule = schedule_of(10_000, 1.0, until(0.57, 0.0))
    assert values(schedule, [5_699, 5_700]) == [1 - 5_699 / 5_700, 0.0]


def test_the_largest_run_is_still_exact_at_its_last_steps():
    schedule = schedule_of(MAX_STEPS, 0.0, rest(1.0))
    expected = [(MAX_STEPS - 2) / MAX_STEPS, (MAX_STEPS - 1) / MAX_STEPS, 1.0, 1.0]
    assert values(schedule, range(MAX_STEPS - 2, MAX_STEPS + 2)) == expected


STEP_ARRAYS = [
    np.array([[0, 1], [2, 3]], dtype=np.int8),
    np.array([0, 5, 200], dtype=np.uint8),
    np.array([0, 2**63 + 5], dtype=np.uint64),
    np.array([-(2**63), 2**63 - 1], dtype=np.int64),
    np.array(7),
    np.array([], dtype=np.int64),
    np.arange(10)[::-2],
]


@pytest.mark.parametrize("wanted", STEP_ARRAYS, ids=lambda steps: f"{steps.dtype}{steps.shape}")
def test_any_array_of_integers_will_do(wanted):
    schedule = schedule_of(300, 0.25, steps(4, 1.0), rest(0.0, COSINE))
    found = schedule.multipliers(wanted)
    assert found.shape == wanted.shape
    assert found.dtype == np.float64
    assert found.ravel().tolist() == [schedule.multiplier(int(step)) for step in wanted.ravel()]


def test_numpy_integers_do_as_a_single_step():
    schedule = schedule_of(1000, 0.0, steps(500, 1.0), rest(0.0))
    assert schedule.multiplier(np.int8(100)) == 0.2
    assert schedule.multiplier(np.uint8(250)) == 0.5


@pytest.mark.parametrize("wanted", [[0.5], [True], ["1"], [2**70]])
def test_steps_that_are_no_integers_are_refused(wanted):
    schedule = schedule_of(10, 0.0, rest(1.0))
    with pytest.raises(TypeError, match="steps must be integers, not"):
        schedule.multipliers(wanted)


def test_a_single_step_that_is_no_integer_is_refused():
    with pytest.raises(TypeError, match="'float' object cannot be interpreted as an integer"):
        schedule_of(10, 0.0, rest(1.0)).multiplier(0.5)


def test_an_empty_list_of_steps_gives_no_multipliers():
    assert schedule_of(10, 0.0, rest(1.0)).multipliers([]).tolist() == []

"""A schedule as plain values: there and back, and the fingerprint of what it does."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given

from d9d_lr import CurveBase, CurvePoly, build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.schedule.fields import AboveZero
from d9d_lr.schedule.phases import PhaseSteps
from d9d_lr.schedule.resolve import resolve
from d9d_lr.schedule.units import Units
from d9d_lr.schedule.values import curve_from_plain, fingerprint, from_plain, to_plain
from helpers.strategies import schedules, steps_of_interest

LINEAR = {"type": "linear"}


def built(total_steps, *phases):
    return build_schedule(PiecewiseConfig.model_validate({"initial_multiplier": 0.0, "phases": phases}), total_steps)


@given(schedules())
def test_a_schedule_comes_back_from_json_with_every_bit(drawn):
    flat, total_steps = drawn
    schedule = build_schedule(PiecewiseConfig.model_validate(flat), total_steps)
    back = from_plain(json.loads(json.dumps(to_plain(schedule))))
    wanted = steps_of_interest(flat, total_steps)
    assert back.multipliers(wanted).tobytes() == schedule.multipliers(wanted).tobytes()
    assert fingerprint(back) == fingerprint(schedule)


def test_the_way_a_length_is_written_is_no_part_of_the_fingerprint():
    by_steps = built(10, {"mode": "steps", "steps": 5, "target_multiplier": 1.0, "curve": LINEAR})
    by_half = built(10, {"mode": "percentage", "percentage": 0.5, "target_multiplier": 1, "curve": LINEAR})
    assert fingerprint(by_steps) == fingerprint(by_half)


@pytest.mark.parametrize(
    "change", [{"steps": 6}, {"target_multiplier": 0.9}, {"curve": {"type": "cosine"}}, {"curve": {"type": "poly"}}]
)
def test_what_changes_the_numbers_changes_the_fingerprint(change):
    phase = {"mode": "steps", "steps": 5, "target_multiplier": 1.0, "curve": LINEAR}
    assert fingerprint(built(10, phase)) != fingerprint(built(10, {**phase, **change}))


@dataclass(frozen=True)
class Power(CurveBase):
    """A user-defined curve."""

    power: AboveZero = 2.0

    def compute(self, start, end, step_p):
        return start + (end - start) * step_p**self.power


def with_curve(curve):
    return resolve(0.0, [PhaseSteps(steps=4, target_multiplier=1.0, curve=curve)], Units())


def test_a_user_defined_curve_works_in_a_schedule_scalar_and_vectorised():
    schedule = with_curve(Power())
    assert schedule.multipliers(range(5)).tolist() == [0.0, 1 / 16, 1 / 4, 9 / 16, 1.0]
    assert [schedule.multiplier(step) for step in range(5)] == [0.0, 1 / 16, 1 / 4, 9 / 16, 1.0]


def test_a_user_defined_curve_has_a_fingerprint_and_comes_back():
    own = with_curve(Power(power=3))
    plain = json.loads(json.dumps(to_plain(own)))
    assert plain["phases"][0]["curve"] == {"_target_": f"{__name__}.Power", "power": 3.0}
    assert from_plain(plain) == own
    assert len({fingerprint(with_curve(curve)) for curve in (Power(), Power(3), CurvePoly(), CurvePoly(3))}) == 4


@pytest.mark.parametrize(
    ("plain", "reason"),
    [
        ({"type": "spline"}, "the curve spline cannot be rebuilt: "),
        ({"type": "poly", "power": -1}, "power: -1 is not allowed; it must be a finite number above 0"),
        ({"type": "poly", "exponent": 2}, "the curve poly cannot be rebuilt: .* 'exponent'"),
        ({"_target_": "no.such.Curve"}, "the curve no.such.Curve cannot be rebuilt: No module named 'no'"),
        (
            {"_target_": "subprocess.getoutput", "cmd": "exit"},
            "getoutput cannot be rebuilt: it is no class of",
        ),
        ({"type": "fractions.Fraction"}, "fractions.Fraction cannot be rebuilt: it is no class of curves"),
    ],
)
def test_a_curve_that_does_not_come_back_is_reported(plain, reason):
    with pytest.raises(ValueError, match=reason):
        curve_from_plain(plain)

"""Three ways to the same bits: scalar, vectorised, and the slow second implementation."""

import struct

from hypothesis import given, settings

from d9d_lr import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from helpers import obvious
from helpers.strategies import schedules, steps_of_interest


def bits(value):
    return struct.pack("<d", value).hex()


@given(schedules())
@settings(max_examples=2500)
def test_scalar_vectorised_and_obvious_agree_to_the_last_bit(drawn):
    flat, total_steps = drawn
    schedule = build_schedule(PiecewiseConfig.model_validate(flat), total_steps)
    wanted = steps_of_interest(flat, total_steps)
    expected = [bits(obvious.multiplier(flat, total_steps, step)) for step in wanted]
    assert [bits(schedule.multiplier(step)) for step in wanted] == expected
    assert [bits(value) for value in schedule.multipliers(wanted)] == expected


@given(schedules())
@settings(max_examples=500)
def test_phases_lie_end_to_end_where_the_obvious_implementation_puts_them(drawn):
    flat, total_steps = drawn
    phases = build_schedule(PiecewiseConfig.model_validate(flat), total_steps).phases
    assert [phase.end_step for phase in phases] == obvious.ends(flat, total_steps)
    assert [phase.start_step for phase in phases] == [0, *(phase.end_step for phase in phases[:-1])]
    assert phases[-1].end_step <= total_steps

"""Curves that do not lie over their phase: they run ahead of it, began before it, or would end after it."""

import json
import re

import pytest

from d9d_lr import ConfigError, CurveCosine, CurveLinear, build_schedule
from d9d_lr.config.in_steps import in_steps
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.schedule.phases import PhaseRest, PhaseSteps
from d9d_lr.schedule.resolve import resolve
from d9d_lr.schedule.units import Units
from d9d_lr.schedule.values import differences, fingerprint, from_plain, to_plain

LINEAR = CurveLinear()


def steps(count, target=1.0, **fields):
    return PhaseSteps(steps=count, target_multiplier=target, curve=fields.pop("curve", LINEAR), **fields)


# name: (initial multiplier, phases, total steps, the multiplier of each step)
TABLE = {
    # (t + 1) / 4 and the peak at step 3, its last
    "ahead": (0.0, [steps(4, ahead_steps=1)], 6, [0.25, 0.5, 0.75, 1, 1, 1]),
    # p is (t + 2) / 4, and the target from step 2 on
    "two ahead": (0.0, [steps(4, ahead_steps=2)], 6, [0.5, 0.75, 1, 1, 1, 1]),
    # the target is the value of the last step, 5: p = (t - 2 + 1) / 4
    "ahead to the last step": (
        1.0,
        [steps(2), PhaseRest(target_multiplier=0.0, curve=LINEAR, ahead_steps=1)],
        6,
        [1, 1, 0.75, 0.5, 0.25, 0],
    ),
    # from 0 to 1 over 8 steps, left after 4 at a half; the next phase begins there
    "left early": (0.0, [steps(4, curve_until=8), steps(2, 0.0)], 7, [0, 0.125, 0.25, 0.375, 0.5, 0.25, 0]),
    "left early at the end": (0.0, [steps(4, curve_until=8)], 6, [0, 0.125, 0.25, 0.375, 0.5, 0.5]),
    # a line from 1 at step 0 to 0 at step 8, followed from step 4 on
    "entered late": (1.0, [steps(4), steps(4, 0.0, curve_from=0)], 9, [1, 1, 1, 1, 0.5, 0.375, 0.25, 0.125, 0]),
    # half of a cosine over 8 steps: (1 + cos(pi / 4)) / 2 at its quarter
    "a cosine left early": (1.0, [steps(4, 0.0, curve=CurveCosine(), curve_until=8)], 5, [1, None, None, None, 0.5]),
}


@pytest.mark.parametrize("name", TABLE)
def test_the_multiplier_of_each_step(name):
    initial, phases, total_steps, expected = TABLE[name]
    schedule = resolve(initial, phases, Units(total_steps=total_steps))
    found = [schedule.multiplier(step) for step in range(len(expected))]
    assert schedule.multipliers(range(len(expected))).tolist() == found
    for value, wanted in zip(found, expected, strict=True):
        assert wanted is None or value == pytest.approx(wanted, abs=1e-15)


@pytest.mark.parametrize("name", TABLE)
def test_it_comes_back_from_plain_values_and_has_a_fingerprint_of_its_own(name):
    initial, phases, total_steps, _ = TABLE[name]
    schedule = resolve(initial, phases, Units(total_steps=total_steps))
    back = from_plain(json.loads(json.dumps(to_plain(schedule))))
    assert back.multipliers(range(total_steps)).tolist() == schedule.multipliers(range(total_steps)).tolist()
    assert fingerprint(back) == fingerprint(schedule)


def test_what_a_curve_is_laid_over_makes_two_schedules_differ():
    plain, ahead = (to_plain(resolve(0.0, [steps(4, ahead_steps=ahead)], Units(total_steps=4))) for ahead in (0, 1))
    assert differences(plain, ahead) == [
        "phase 0: steps 0 to 4, linear to 1.0 -> steps 0 to 4, linear to 1.0 laid over steps -1 to 3"
    ]


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (
            [steps(4, curve_until=3)],
            "phases.0.curve_until: the curve ends at step 3, before the phase, which ends at step 4",
        ),
        (
            [steps(4), steps(4, curve_from=5)],
            "phases.1.curve_from: the curve begins at step 5, after the phase, which begins at step 4",
        ),
    ],
)
def test_a_curve_that_does_not_cover_its_phase_is_refused(phases, expected):
    with pytest.raises(ConfigError, match=re.escape(expected)):
        resolve(0.0, phases, Units())


FLAT = {"mode": "steps", "steps": 4, "target_multiplier": 1.0, "curve": {"type": "linear"}}


def config(**fields):
    return PiecewiseConfig.model_validate({"initial_multiplier": 0.0, "phases": [{**FLAT, **fields}]})


def test_what_says_nothing_is_not_written():
    assert config(ahead_steps=0, curve_from=None).model_dump()["scheduler"]["phases"] == [FLAT]
    assert config(ahead_steps=1).model_dump()["scheduler"]["phases"] == [{**FLAT, "ahead_steps": 1}]
    assert config(curve_from=0).model_dump()["scheduler"]["phases"] == [{**FLAT, "curve_from": 0}]


@pytest.mark.parametrize("fields", [{"ahead_steps": -1}, {"ahead_steps": 0.5}, {"curve_until": -1}])
def test_numbers_that_are_no_steps_are_refused(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        config(**fields)


def test_written_in_steps_it_stays_what_it_is():
    kept = in_steps(build_schedule(config(ahead_steps=1), 4), 10)
    assert build_schedule(kept, 10).multipliers(range(5)).tolist() == [0.25, 0.5, 0.75, 1, 1]

"""Phases that do not fit: what is said, with which numbers, and all of it at once."""

import re

import pytest

from d9d_lr import ConfigError, CurveLinear
from d9d_lr.schedule.fields import MAX_STEPS
from d9d_lr.schedule.phases import PhasePercentage, PhaseRest, PhaseSteps
from d9d_lr.schedule.resolve import resolve
from d9d_lr.schedule.units import Units


def steps(count):
    return PhaseSteps(steps=count, target_multiplier=1.0, curve=CurveLinear())


def until(percentage):
    return PhasePercentage(percentage=percentage, target_multiplier=1.0, curve=CurveLinear())


def rest():
    return PhaseRest(target_multiplier=1.0, curve=CurveLinear())


CASES = [
    ([steps(60), steps(60)], 100, ["phases.1.steps: up to here the phases need 120 steps, total_steps is 100"]),
    ([steps(101), rest()], 100, ["phases.0.steps: up to here the phases need 101 steps, total_steps is 100"]),
    (
        [steps(60), until(0.5)],
        100,
        ["phases.1.percentage: 0.5 of 100 steps ends at step 50, before step 60, where the phases before it end"],
    ),
    (
        [until(0.5), until(0.4), until(0.3)],
        10,
        [
            "phases.1.percentage: 0.4 of 10 steps ends at step 4, before step 5, where the phases before it end",
            "phases.2.percentage: 0.3 of 10 steps ends at step 3, before step 5, where the phases before it end",
        ],
    ),
    (
        [rest(), steps(5), rest()],
        10,
        ["phases.0.mode: a rest phase must be the last one, and phases.2 comes after it"],
    ),
    ([], 10, ["phases: there are none; a schedule needs at least one phase"]),
    ([steps(1)], 0, [f"total_steps: 0 is not allowed; it must be from 1 to {MAX_STEPS}"]),
    ([steps(1)], -5, [f"total_steps: -5 is not allowed; it must be from 1 to {MAX_STEPS}"]),
    ([rest()], MAX_STEPS + 1, [f"total_steps: {MAX_STEPS + 1} is not allowed; it must be from 1 to {MAX_STEPS}"]),
    ([steps(1), rest()], None, ["total_steps: is missing; phases.1 needs it"]),
    ([until(0.5)], None, ["total_steps: is missing; phases.0 needs it"]),
    (
        [steps(MAX_STEPS), steps(1)],
        None,
        [f"phases.1.steps: up to here the phases need {MAX_STEPS + 1} steps, at most {MAX_STEPS} are possible"],
    ),
    ([rest(), steps(5)], 0, ["total_steps: 0 is not allowed", "phases.0.mode: a rest phase must be the last"]),
]


@pytest.mark.parametrize(("phases", "total_steps", "expected"), CASES)
def test_every_reason_is_reported_with_its_numbers(phases, total_steps, expected):
    with pytest.raises(ConfigError, match=re.escape(expected[0])) as caught:
        resolve(0.0, phases, Units(total_steps=total_steps))
    problems = [str(problem) for problem in caught.value.problems]
    assert len(problems) == len(expected)
    for problem, start in zip(problems, expected, strict=True):
        assert problem.startswith(start)


FITS = [
    ([steps(60), steps(40)], 100, [60, 100]),  # to the last step
    ([steps(100), rest()], 100, [100, 100]),  # the rest is nothing: a jump
    ([steps(50), until(0.5)], 100, [50, 50]),
    ([steps(5)], None, [5]),  # steps need no total_steps
    ([steps(MAX_STEPS)], None, [MAX_STEPS]),
]


@pytest.mark.parametrize(("phases", "total_steps", "ends"), FITS)
def test_what_just_fits_is_accepted(phases, total_steps, ends):
    placed = resolve(0.0, phases, Units(total_steps=total_steps)).phases
    assert [phase.end_step for phase in placed] == ends


def test_phases_are_called_by_the_positions_they_were_given():
    with pytest.raises(ConfigError, match=r"phases\.7\.steps: up to here the phases need 11 steps"):
        resolve(0.0, [steps(5), steps(6)], Units(total_steps=10), positions=["3", "7"])

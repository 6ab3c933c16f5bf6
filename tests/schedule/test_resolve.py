"""Phases that do not fit: what is said, with which numbers, and all of it at once."""

import re

import pytest

from d9d_lr import ConfigError, CurveLinear
from d9d_lr.schedule.phases import MAX_STEPS, FillRest, ForSteps, PhaseSpec, UntilPercentage
from d9d_lr.schedule.resolve import resolve


def spec(length):
    return PhaseSpec(length, 1.0, CurveLinear())


CASES = [
    ([ForSteps(60), ForSteps(60)], 100, ["phases.1.steps: up to here the phases need 120 steps, total_steps is 100"]),
    ([ForSteps(101), FillRest()], 100, ["phases.0.steps: up to here the phases need 101 steps, total_steps is 100"]),
    (
        [ForSteps(60), UntilPercentage(0.5)],
        100,
        ["phases.1.percentage: 0.5 of 100 steps ends at step 50, before step 60, where the phases before it end"],
    ),
    (
        [UntilPercentage(0.5), UntilPercentage(0.4), UntilPercentage(0.3)],
        10,
        [
            "phases.1.percentage: 0.4 of 10 steps ends at step 4, before step 5, where the phases before it end",
            "phases.2.percentage: 0.3 of 10 steps ends at step 3, before step 5, where the phases before it end",
        ],
    ),
    (
        [FillRest(), ForSteps(5), FillRest()],
        10,
        ["phases.0.mode: a rest phase must be the last one, and phases.2 comes after it"],
    ),
    ([], 10, ["phases: there are none; a schedule needs at least one phase"]),
    ([ForSteps(1)], 0, [f"total_steps: 0 is not allowed; it must be from 1 to {MAX_STEPS}"]),
    ([ForSteps(1)], -5, [f"total_steps: -5 is not allowed; it must be from 1 to {MAX_STEPS}"]),
    ([FillRest()], MAX_STEPS + 1, [f"total_steps: {MAX_STEPS + 1} is not allowed; it must be from 1 to {MAX_STEPS}"]),
    ([ForSteps(1), FillRest()], None, ["total_steps: is missing; percentage and rest phases need it"]),
    ([UntilPercentage(0.5)], None, ["total_steps: is missing; percentage and rest phases need it"]),
    (
        [ForSteps(MAX_STEPS), ForSteps(1)],
        None,
        [f"phases.1.steps: up to here the phases need {MAX_STEPS + 1} steps, at most {MAX_STEPS} are possible"],
    ),
    ([FillRest(), ForSteps(5)], 0, ["total_steps: 0 is not allowed", "phases.0.mode: a rest phase must be the last"]),
]


@pytest.mark.parametrize(("lengths", "total_steps", "expected"), CASES)
def test_every_reason_is_told_with_its_numbers(lengths, total_steps, expected):
    with pytest.raises(ConfigError, match=re.escape(expected[0])) as caught:
        resolve(0.0, [spec(length) for length in lengths], total_steps)
    problems = [str(problem) for problem in caught.value.problems]
    assert len(problems) == len(expected)
    for problem, start in zip(problems, expected, strict=True):
        assert problem.startswith(start)


FITS = [
    ([ForSteps(60), ForSteps(40)], 100, [60, 100]),  # to the last step
    ([ForSteps(100), FillRest()], 100, [100, 100]),  # the rest is nothing: a jump
    ([ForSteps(50), UntilPercentage(0.5)], 100, [50, 50]),
    ([ForSteps(5)], None, [5]),  # steps need no total_steps
    ([ForSteps(MAX_STEPS)], None, [MAX_STEPS]),
]


@pytest.mark.parametrize(("lengths", "total_steps", "ends"), FITS)
def test_what_just_fits_is_accepted(lengths, total_steps, ends):
    phases = resolve(0.0, [spec(length) for length in lengths], total_steps).phases
    assert [phase.end_step for phase in phases] == ends


def test_phases_are_called_by_the_positions_they_were_given():
    with pytest.raises(ConfigError, match=r"phases\.7\.steps: up to here the phases need 11 steps"):
        resolve(0.0, [spec(ForSteps(5)), spec(ForSteps(6))], 10, positions=["3", "7"])

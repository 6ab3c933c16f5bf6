"""What holds for every valid schedule."""

import json
import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from omegaconf import OmegaConf

from d9d_lr import PiecewiseConfig, build_schedule, resolve_lr
from helpers.effort import examples
from helpers.strategies import schedules, steps_of_interest


@given(drawn=schedules())
@examples(300)
def test_it_builds_is_finite_and_stays_between_its_ends(drawn, tried):
    flat, total_steps = drawn
    schedule = build_schedule(resolve_lr(flat, total_steps), total_steps)
    wanted = steps_of_interest(flat, total_steps)
    values = [schedule.multiplier(step) for step in wanted]
    assert all(math.isfinite(value) for value in values)
    assert schedule.multipliers(wanted).tolist() == values
    for phase in schedule.phases:
        low, high = sorted((phase.start_multiplier, phase.target_multiplier))
        if flat_curve(phase) == "CurveExponential":
            low, high = min(low, 1e-8), max(high, 1e-8)
        slack = 1e-12 * max(abs(low), abs(high))
        for step, value in zip(wanted, values, strict=True):
            if phase.start_step <= step < phase.end_step:
                assert low - slack <= value <= high + slack
    tried["valid schedules: built, finite, between their ends, scalar equal to vectorised"] += 1
    tried["multipliers of them"] += len(wanted)


@given(drawn=schedules())
@examples(300)
def test_it_starts_and_ends_where_it_says(drawn, tried):
    flat, total_steps = drawn
    schedule = build_schedule(resolve_lr(flat, total_steps), total_steps)
    assert schedule.multiplier(-1) == flat["initial_multiplier"]
    assert schedule.multiplier(total_steps) == schedule.phases[-1].end_multiplier
    for phase in schedule.phases:
        if not phase.curve.by_steps:  # those tend to their target
            assert phase.end_multiplier == phase.target_multiplier
    for phase, following in zip(schedule.phases, schedule.phases[1:], strict=False):
        assert (phase.end_step, phase.end_multiplier) == (following.start_step, following.start_multiplier)
    first = schedule.phases[0]
    if first.end_step > 0 and flat_curve(first) not in ("CurveExponential", "CurveConstant"):
        scale = max(abs(first.start_multiplier), abs(first.target_multiplier))
        assert schedule.multiplier(0) == pytest.approx(flat["initial_multiplier"], rel=1e-15, abs=1e-15 * scale)
    tried["valid schedules: start and end where stated"] += 1


@st.composite
def forms(draw, flat):
    """One of the ways to write the same schedule."""
    phases = flat["phases"]
    gaps = draw(st.lists(st.integers(1, 5), min_size=len(phases), max_size=len(phases)))
    places = [sum(gaps[: index + 1]) for index in range(len(phases))]
    key = draw(st.sampled_from([str, int, lambda place: place if place % 2 else str(place)]))
    entries = list({key(place): phase for place, phase in zip(places, phases, strict=True)}.items())
    holes = [(key(place), hole) for place in range(40, 43) for hole in draw(st.sampled_from([[], [{}], [None]]))]
    mapping = dict(draw(st.permutations([*entries, *holes])))
    written = {**flat, "phases": draw(st.sampled_from([phases, mapping]))}
    wrapped = draw(st.sampled_from(["flat", "named", "nested", "nested and named"]))
    if wrapped == "flat":
        return written
    if wrapped == "named":
        return {"name": "piecewise", **written}
    return {"scheduler": written} | ({"name": "piecewise"} if "named" in wrapped else {})


@given(data=st.data())
@examples(300)
def test_every_form_and_every_round_trip_is_the_same_config(data, tried):
    flat, total_steps = data.draw(schedules())
    form = data.draw(forms(flat))
    config = PiecewiseConfig.model_validate(flat)
    assert resolve_lr(form, total_steps) == config
    assert resolve_lr(OmegaConf.create(form), total_steps) == config
    assert PiecewiseConfig.model_validate(yaml.safe_load(yaml.safe_dump(form))) == config
    assert PiecewiseConfig.model_validate_json(json.dumps(form)) == config
    assert PiecewiseConfig.model_validate_json(config.model_dump_json()) == config
    assert resolve_lr(OmegaConf.create(OmegaConf.to_yaml(OmegaConf.create(form))), total_steps) == config
    tried["valid schedules: every form, JSON and YAML round trips"] += 1


def flat_curve(phase):
    return type(phase.curve).__name__

"""Cycles: where each begins and ends, and that they are plain phases when they are placed."""

import json
import re

import pytest

from d9d_lr import ConfigError, build_schedule, compose_lr, resolve_lr
from d9d_lr.config.advice import advice_for
from d9d_lr.config.in_steps import in_steps
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.schedule.repeat import Repeat
from d9d_lr.schedule.values import fingerprint, from_plain, to_plain

LINEAR, CONSTANT = {"type": "linear"}, {"type": "constant"}
DOWN = {"mode": "rest", "start_multiplier": 1.0, "target_multiplier": 0.0, "curve": LINEAR}
HOLD = {"mode": "before_end", "steps": 2, "target_multiplier": 1.0, "curve": CONSTANT}
DECAY = {"mode": "rest", "target_multiplier": 0.1, "curve": LINEAR}
WARMUP = {"mode": "steps", "steps": 4, "target_multiplier": 1.0, "curve": LINEAR}


def section(*phases, **more):
    return {"initial_multiplier": 0.0, "phases": list(phases), **more}


def repeat(*phases, **fields):
    return {"mode": "repeat", "phases": list(phases) or [DOWN], **fields}


def schedule(total_steps, *phases, **more):
    return build_schedule(resolve_lr(section(*phases, **more), total_steps), total_steps)


# what is repeated, the length of the run, where each phase ends
ENDS = [
    ([repeat(times=4)], 20, [5, 10, 15, 20]),
    ([repeat(times=3)], 20, [6, 13, 20]),  # floor of 6.67, 13.33 and 20
    ([repeat(times=1)], 20, [20]),
    ([WARMUP, repeat(times=2)], 20, [4, 12, 20]),
    ([repeat(times=3, growth=2)], 70, [10, 30, 70]),  # 1 + 2 + 4 = 7 parts
    ([repeat(times=3, growth=2)], 71, [10, 30, 71]),  # 71 / 7 = 10.14, 30.43
    ([repeat(times=2, growth=1.5)], 25, [10, 25]),
    ([repeat(cycle_steps=6)], 20, [6, 12, 18, 20]),  # the last is left after 2 of its 6 steps
    ([repeat(cycle_steps=5, growth=2)], 20, [5, 15, 20]),
    ([repeat(times=2, steps=10), DECAY], 20, [5, 10, 20]),
    ([repeat(times=2, fraction=0.5), DECAY], 20, [5, 10, 20]),
    ([repeat(times=2, tokens=103), DECAY], 20, [5, 10, 20]),  # 10.3 steps
    ([repeat(times=2, epochs=2), DECAY], 20, [4, 8, 20]),
    ([repeat(HOLD, DECAY, times=2)], 20, [8, 10, 18, 20]),
    # the cycles are laid from step 0 and the first is entered at step 4, after the warmup
    ([WARMUP, repeat(HOLD, DECAY, times=2, cycles_from=0)], 20, [4, 8, 10, 18, 20]),
    ([WARMUP, repeat(HOLD, DECAY, times=5, cycles_from=0)], 20, [4, 6, 8, 10, 12, 14, 16, 18, 20]),
    # what a cycle's phases leave over stays at their end
    ([repeat({**DOWN, "mode": "steps", "steps": 3}, times=2)], 10, [3, 5, 8, 10]),
    ([repeat({**DOWN, "mode": "percentage", "percentage": 0.6}, times=2)], 10, [3, 5, 8, 10]),
]


@pytest.mark.parametrize(("phases", "total_steps", "ends"), ENDS)
def test_where_each_phase_ends(phases, total_steps, ends):
    placed = schedule(total_steps, *phases, tokens_per_step=10, steps_per_epoch=4).phases
    assert [phase.end_step for phase in placed] == ends
    assert [phase.start_step for phase in placed] == [0, *ends[:-1]]


# what is repeated, and the multiplier of each step of a run
VALUES = [
    # 1 to 0 in 4 steps, three times
    ([repeat(times=3)], [1, 0.75, 0.5, 0.25] * 3),
    # without a start of its own a cycle goes on from where the one before it ended
    ([repeat({**DECAY, "target_multiplier": 1.0}, times=2)], [0, 0.25, 0.5, 0.75, 1, 1, 1, 1]),
    # a cycle of 4 left after 2 steps
    ([repeat(cycle_steps=4)], [1, 0.75, 0.5, 0.25, 1, 0.75]),
    # up in 4 steps; cycles of 6 steps from step 0 that hold until 2 before their end, then to 0.1
    (
        [WARMUP, repeat(HOLD, DECAY, times=2, cycles_from=0)],
        [0, 0.25, 0.5, 0.75, 1, 0.55, 1, 1, 1, 1, 1, 0.55],
    ),
    # each cycle half as high as the one before it
    ([repeat(times=3, scale=0.5)], [1, 0.75, 0.5, 0.25, 0.5, 0.375, 0.25, 0.125, 0.25, 0.1875, 0.125, 0.0625]),
    # a line in the first cycle is entered where the warmup leaves it: its steps 2 and 3 of 4
    (
        [{**WARMUP, "steps": 2}, repeat(times=2, cycles_from=0)],
        [0, 0.5, 0.5, 0.25, 1, 0.75, 0.5, 0.25],
    ),
]


@pytest.mark.parametrize(("phases", "values"), VALUES)
def test_the_multiplier_of_each_step(phases, values):
    found = schedule(len(values), *phases)
    assert [found.multiplier(step) for step in range(len(values))] == pytest.approx(values, abs=1e-15)
    assert found.multipliers(range(len(values))).tolist() == [found.multiplier(step) for step in range(len(values))]


def test_a_cycle_left_early_ends_where_it_was_left():
    found = schedule(6, repeat(cycle_steps=4))
    assert found.multiplier(6) == 0.5
    assert found.multiplier(99) == 0.5


@pytest.mark.parametrize(("phases", "values"), VALUES)
def test_placed_they_are_the_phases_written_out(phases, values):
    total = len(values)
    written = resolve_lr(section(*phases), total)
    out = in_steps(build_schedule(written, total), total)
    assert {phase.mode for phase in out.scheduler.phases} <= {"steps", "percentage"}
    assert fingerprint(build_schedule(out, total)) == fingerprint(build_schedule(written, total))
    again = from_plain(json.loads(json.dumps(to_plain(build_schedule(written, total)))))
    assert fingerprint(again) == fingerprint(build_schedule(written, total))


def test_it_reads_back_from_its_json_and_its_phases_may_have_positions():
    there = resolve_lr(section(repeat(times=2) | {"phases": {"0": HOLD, "3": DECAY, "2": {}}}))
    assert PiecewiseConfig.model_validate_json(there.model_dump_json()) == there
    assert there.model_dump()["scheduler"]["phases"] == [
        {"mode": "repeat", "times": 2, "phases": [HOLD, DECAY]},
    ]


def test_stretched_a_cycle_is_as_many_times_as_long():
    phases = [{**WARMUP, "target_multiplier": None, "target_lr": 0.1}, repeat(cycle_steps=10, cycles_from=0)]
    fields = {"published_steps": 30, "peak_lr": 0.1, "reference_lr": 1.0, "stretch": True}
    # 60 steps are twice as many: the warmup ends at 8, the cycles at 20, 40 and 60
    assert [phase.end_step for phase in schedule(60, *phases, **fields).phases] == [8, 20, 40, 60]


def test_there_are_not_more_cycles_than_can_be_resolved():
    with pytest.raises(ConfigError, match=r"phases\.0\.cycle_steps: 3 gives more than 10000 cycles"):
        schedule(30_003, repeat(cycle_steps=3))
    assert len(schedule(30_000, repeat(cycle_steps=3)).phases) == 10_000


def test_stretched_to_less_than_a_step_a_cycle_has_none():
    fields = {"published_steps": 40, "peak_lr": 1.0, "reference_lr": 1.0, "stretch": True}
    # 10 steps are a quarter: of cycles of 2 every other one has a step
    assert [phase.end_step for phase in schedule(10, repeat(cycle_steps=2), **fields).phases] == list(range(1, 11))


def test_what_the_hint_says_to_type_leaves_cycles_of_one_length():
    with pytest.raises(ConfigError, match=r"phases\.0\.times: .*\n +type lr\.phases\.0\.times=null"):
        schedule(20, repeat(times=2, cycle_steps=10, steps=20))
    with pytest.raises(ConfigError, match=r"\n +type times=null"):  # the key of the phase comes in front of it
        Repeat(phases=(), times=2, cycle_steps=10, steps=20)
    assert len(schedule(20, repeat(times=None, cycle_steps=10, steps=20)).phases) == 2


REFUSED = [
    ([repeat()], "lr.phases.0.times: is missing; there must be times or cycle_steps"),
    (
        [repeat(times=2, cycle_steps=3, steps=10)],
        "lr.phases.0.times: 2 stands beside cycle_steps, 3, and steps; two of them may\n    type lr.phases.0.time",
    ),
    ([repeat(times=2, steps=10, fraction=0.5)], "lr.phases.0.fraction: 0.5 stands beside steps, 10"),
    ([repeat(times=0)], "lr.phases.0.times: 0 is not allowed; it must be a whole number"),
    ([repeat(times=2, growth=0.5)], "lr.phases.0.growth: 0.5 is not allowed; it must be a finite number"),
    ([repeat(times=21)], "lr.phases.0.times: the 20 steps from 0 on have no room for so many cycles"),
    ([repeat(times=10_001)], "lr.phases.0.times: 10001 gives more than 10000 cycles"),
    (
        [WARMUP, repeat(times=2, cycles_from=5)],
        "lr.phases.1.cycles_from: the first cycle begins at step 5, after this phase, which begins at step 4",
    ),
    ([repeat(times=2) | {"phases": []}], "lr.phases.0.phases: there are none; a schedule needs at least one phase"),
    ([repeat(DECAY, HOLD, times=2)], "lr.phases.0.phases.0.mode: a rest phase must be the last one of a cycle"),
    ([repeat(times=2), DECAY], "lr.phases.0.mode: phase 1 of 2 has cycles that last to the end; only the last one may"),
    (
        [repeat({**WARMUP, "steps": 11}, times=2)],
        "lr.phases.0.phases.0.steps: up to here the phases need 11 steps, the cycle that begins at step 0 has 10",
    ),
    (
        [repeat({**WARMUP, "step": 11}, times=2)],
        "lr.phases.0.phases.0.step: unknown key (value 11); allowed here: mode, steps",
    ),
    ([repeat({**WARMUP, "mode": "repeat"}, times=2)], "lr.phases.0.phases.0.mode: 'repeat' is not allowed"),
    ([repeat(times=2, timse=3)], "lr.phases.0.timse: unknown key (value 3); allowed here: "),
    (
        [repeat({**WARMUP, "target_multiplier": None, "target_lr": 0.1}, times=2)],
        "lr.phases.0.phases.0.target_lr: is a learning rate, and reference_lr, which the multipliers multiply, is miss",
    ),
    ([repeat(times=2, tokens=10), DECAY], "lr.tokens_per_step: is missing; phases.0 needs it"),
]


@pytest.mark.parametrize(("phases", "message"), REFUSED, ids=[message[:60] for _, message in REFUSED])
def test_what_cannot_be_repeated_is_refused(phases, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        resolve_lr(section(*phases), 20)


def test_positions_are_told_as_they_are_typed():
    phases = {"3": repeat(times=2) | {"phases": {"1": HOLD, "7": {**DECAY, "curve": {"type": "nothing"}}}}}
    with pytest.raises(ConfigError, match=re.escape("lr.phases.3.phases.7.curve.type: 'nothing' is not allowed")):
        resolve_lr({"initial_multiplier": 1.0, "phases": phases}, 20)


def test_it_is_advised_on_once_and_by_its_place():
    twice = {**DOWN, "mode": "lasts", "steps": 0, "target_multiplier": 0.5}
    found = advice_for(schedule(20, repeat(twice, DECAY, times=4)))
    assert [(one.kind, one.key) for one in found if one.kind == "jump"] == [("jump", "lr.phases.0.phases.0")]


def test_groups_compose_below_it():
    overrides = [
        "lr=warmup_cosine",
        "lr/decay@lr.phases.1=cosine_restarts",
        "lr.phases.1.times=3",
    ]
    found = build_schedule(compose_lr(overrides), 400)
    assert [phase.end_step for phase in found.phases] == [100, 200, 300, 400]
    assert found.multiplier(200) == 1.0

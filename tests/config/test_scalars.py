"""The scalars at the top of a preset: read by its phases, unknown to the schedule, and refused when misspelt."""

import re

import pytest

from d9d_lr import ConfigError, compose_lr
from d9d_lr.config.resolve_lr import resolve_lr

PRESET = "lr=systems/transformers_cosine"
PHASES = {"0": {"mode": "steps", "steps": 10, "target_multiplier": 1.0, "curve": {"type": "linear"}}}


def test_a_scalar_sets_what_reads_it():
    assert compose_lr([PRESET, "lr.warmup_steps=7"]).scheduler.phases[0].steps == 7


def test_a_field_of_a_phase_may_be_set_past_its_scalar():
    assert compose_lr([PRESET, "lr.phases.0.steps=3"]).scheduler.phases[0].steps == 3


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("lr.warmup_stesp=7", ["lr.warmup_stesp: unknown key 'warmup_stesp'", "did you mean 'warmup_steps'?"]),
        ("+lr.warmup_stesp=7", ["lr.warmup_stesp: unknown key (value 7)", "did you mean 'warmup_steps'?"]),
        ("lr.warmup_steps=many", ["lr.phases.0.steps: 'many' is not allowed; it must be a whole number from 1"]),
        ("lr.warmup_steps=???", ["lr.phases.0.steps: cannot be resolved", "lr.warmup_steps"]),
        ("lr.scalars=warmup_steps", ["lr.scalars: 'warmup_steps' is not allowed; it must be a list of names"]),
    ],
)
def test_what_is_wrong_with_a_scalar_is_reported(override, expected):
    with pytest.raises(ConfigError, match=re.escape(expected[0])) as caught:
        compose_lr([PRESET, override])
    assert expected[-1] in str(caught.value)


def test_all_that_is_wrong_is_reported_at_once():
    section = {"scalars": ["warmup"], "warmup": 3, "warmpu": 4, "initial_multiplier": "x", "phases": PHASES}
    with pytest.raises(ConfigError, match=r"lr\.warmpu") as caught:
        resolve_lr(section)
    assert [problem.key for problem in caught.value.problems] == ["lr.warmpu", "lr.initial_multiplier"]


def test_without_a_list_of_scalars_an_unknown_key_is_refused():
    with pytest.raises(ConfigError, match=r"lr\.warmup: unknown key"):
        resolve_lr({"warmup": 3, "initial_multiplier": 0.0, "phases": PHASES})

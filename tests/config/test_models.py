"""The config models: every accepted form of a schedule is the same object, and nothing else is accepted."""

import json
import math

import pytest
import yaml
from pydantic import ValidationError

from d9d_lr import AutoLRSchedulerConfig, PiecewiseConfig, PiecewiseSchedulerConfig

WARMUP = {"mode": "steps", "steps": 100, "target_multiplier": 1.0, "curve": {"type": "linear"}}
DECAY = {"mode": "rest", "target_multiplier": 0.1, "curve": {"type": "cosine"}}
FLAT = {"initial_multiplier": 0.0, "phases": [WARMUP, DECAY]}
NESTED = {"name": "piecewise", "scheduler": FLAT}

FORMS = {
    "flat": FLAT,
    "flat with a name": {"name": "piecewise", **FLAT},
    "nested": NESTED,
    "nested without a name": {"scheduler": FLAT},
    "string keys": {**FLAT, "phases": {"0": WARMUP, "1": DECAY}},
    "integer keys": {**FLAT, "phases": {0: WARMUP, 1: DECAY}},
    "mixed keys": {**FLAT, "phases": {"0": WARMUP, 1: DECAY}},
    "order by number, not by text": {**FLAT, "phases": {"10": DECAY, "9": WARMUP}},
    "holes": {**FLAT, "phases": {"3": WARMUP, "7": DECAY}},
    "an empty entry": {**FLAT, "phases": {"0": WARMUP, "1": {}, "2": DECAY}},
    "a null entry": {**FLAT, "phases": {"0": WARMUP, "1": None, "2": DECAY}},
    "nested, string keys": {"scheduler": {**FLAT, "phases": {"0": WARMUP, "1": DECAY}}},
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_of_a_schedule_is_the_same_config(form):
    assert AutoLRSchedulerConfig.model_validate(form) == PiecewiseConfig.model_validate(NESTED)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_every_form_may_come_as_json_and_as_yaml(form):
    expected = PiecewiseConfig.model_validate(NESTED)
    assert AutoLRSchedulerConfig.model_validate_json(json.dumps(form)) == expected
    assert AutoLRSchedulerConfig.model_validate(yaml.safe_load(yaml.safe_dump(form))) == expected


def test_the_json_is_the_nested_form_and_comes_back():
    config = PiecewiseConfig.model_validate(FLAT)
    assert json.loads(config.model_dump_json()) == NESTED
    assert PiecewiseConfig.model_validate_json(config.model_dump_json()) == config


def test_a_built_object_is_accepted_as_it_is():
    inner = PiecewiseSchedulerConfig.model_validate(FLAT)
    assert PiecewiseConfig(scheduler=inner).scheduler == inner


def test_a_config_does_not_change():
    config = PiecewiseConfig.model_validate(FLAT)
    with pytest.raises(ValidationError, match="Instance is frozen"):
        config.scheduler.initial_multiplier = 1.0


def test_the_json_schema_discriminates_modes_and_curves():
    definitions = AutoLRSchedulerConfig.model_json_schema()["$defs"]
    phases = definitions["PiecewiseSchedulerConfig"]["properties"]["phases"]["items"]
    assert phases["discriminator"]["propertyName"] == "mode"
    assert {"percentage", "rest", "steps"} <= set(phases["discriminator"]["mapping"])
    assert {
        definitions[place.split("/")[-1]]["additionalProperties"]
        for place in phases["discriminator"]["mapping"].values()
    } == {False}
    assert {"cosine", "exponential", "linear", "poly"} <= set(definitions["CurveConfig"]["discriminator"]["mapping"])


REFUSED = [
    ({**FLAT, "initial_multiplier": math.nan}, "finite number"),
    ({**FLAT, "initial_multiplier": math.inf}, "finite number"),
    ({**FLAT, "initial_multiplier": True}, "True is not a number"),
    ({**FLAT, "initial_multiplier": "0.5"}, "'0.5' is not a number"),
    ({**FLAT, "initial_multiplier": 1e101}, "less than or equal to 1"),
    ({**FLAT, "phases": []}, "at least 1 item"),
    ({**FLAT, "phases": {"0": {}}}, "at least 1 item"),
    ({**FLAT, "phases": {"2": DECAY, 2: DECAY}}, "'2' and 2 are both position 2"),
    ({**FLAT, "phases": {"02": WARMUP, "2": DECAY}}, "'02' and '2' are both position 2"),
    ({**FLAT, "phases": {"-1": DECAY}}, "'-1' is not a position"),
    ({**FLAT, "phases": {"last": DECAY}}, "'last' is not a position"),
    ({**FLAT, "phases": {"\u0663": DECAY}}, "is not a position"),  # an Arabic digit three
    ({**FLAT, "phases": {True: DECAY}}, "True is not a position"),
    ({**FLAT, "phases": {1.0: DECAY}}, "1.0 is not a position"),
    ({**FLAT, "phases": "rest"}, "valid list"),
    ({**FLAT, "phases": [DECAY, WARMUP]}, "phase 1 of 2 has mode rest; only the last one may"),
    ({**FLAT, "extra": 1}, "Extra inputs are not permitted"),
    ({**FLAT, "name": "cosine"}, "'piecewise'"),
    ({**NESTED, "phases": []}, "Extra inputs are not permitted"),
    ({**FLAT, "phases": [{**WARMUP, "steps": 0}]}, "greater than 0"),
    ({**FLAT, "phases": [{**WARMUP, "steps": 1.5}]}, "fractional part"),
    ({**FLAT, "phases": [{**WARMUP, "steps": True}]}, "True is not a number"),
    ({**FLAT, "phases": [{**WARMUP, "steps": 2**53 + 1}]}, "less than or equal to 9007199254740992"),
    ({**FLAT, "phases": [{**WARMUP, "percentage": 0.5}]}, "Unexpected keyword argument"),
    ({**FLAT, "phases": [{**DECAY, "mode": "percentage"}]}, "Field required"),
    ({**FLAT, "phases": [{**DECAY, "mode": "percentage", "percentage": 1.5}]}, "less than or equal to 1"),
    ({**FLAT, "phases": [{**DECAY, "mode": "percentage", "percentage": 57}]}, "less than or equal to 1"),
    ({**FLAT, "phases": [{**DECAY, "curve": {"type": "poly", "power": 0}}]}, "greater than 0"),
    ({**FLAT, "phases": [{**DECAY, "curve": {"type": "linear", "power": 2}}]}, "Unexpected keyword argument"),
    ({**FLAT, "phases": [{**DECAY, "curve": "cosine"}]}, "valid dictionary"),
    ([], "valid dictionary"),
    (None, "valid dictionary"),
]


@pytest.mark.parametrize(("data", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_nothing_else_is_accepted(data, reason):
    with pytest.raises(ValidationError, match=reason.replace("(", r"\(")):
        AutoLRSchedulerConfig.model_validate(data)

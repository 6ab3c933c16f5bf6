"""A user-defined curve in a configuration: composed, validated, saved and resumed as a packaged one."""

import json
from dataclasses import dataclass

import pytest
from jsonschema import Draft202012Validator

from d9d_lr import ConfigError, CurveBase, PiecewiseConfig, build_schedule, resolve_lr
from d9d_lr.checking.lr_schema import lr_file_schema
from d9d_lr.schedule.fields import AboveZero
from d9d_lr.schedule.values import from_plain, to_plain

MINE = f"{__name__}.Power"


@dataclass(frozen=True)
class Power(CurveBase):
    """s + (e - s) p^power."""

    power: AboveZero = 2.0

    def compute(self, start, end, step_p):
        return start + (end - start) * step_p**self.power


class NoDataclass(CurveBase):
    def compute(self, start, end, step_p):
        return end


def section(curve):
    phase = {"mode": "steps", "steps": 4, "target_multiplier": 1.0, "curve": curve}
    return {"initial_multiplier": 0.0, "phases": {"2": phase}}


def test_it_gives_the_numbers_of_its_formula():
    schedule = build_schedule(resolve_lr(section({"_target_": MINE, "power": 3})), 4)
    assert schedule.multipliers(range(5)).tolist() == [0, 1 / 64, 1 / 8, 27 / 64, 1]
    assert str(schedule.phases[0].curve) == "Power, power 3"


def test_it_comes_back_from_json_and_from_a_checkpoint():
    config = resolve_lr(section({"_target_": MINE}))
    written = json.loads(config.model_dump_json())["scheduler"]["phases"][0]["curve"]
    assert written == {"_target_": MINE, "power": 2.0}
    assert PiecewiseConfig.model_validate_json(config.model_dump_json()) == config
    schedule = build_schedule(config, 4)
    assert from_plain(json.loads(json.dumps(to_plain(schedule)))).phases == schedule.phases


@pytest.mark.parametrize(
    ("curve", "message"),
    [
        (
            {"_target_": MINE, "power": 0},
            "curve.power: 0 is not allowed; it must be a finite number above 0",
        ),
        ({"_target_": MINE, "powr": 3}, "lr.phases.2.curve.powr: unknown key (value 3); allowed here: power"),
        (
            {"_target_": "no.such.Curve"},
            "curve._target_: 'no.such.Curve' cannot be imported: No module named",
        ),
        (
            {"_target_": f"{__name__}.Powr"},
            "curve._target_: 'test_user_defined_curves.Powr' cannot be imported",
        ),
        ({"_target_": "math.pi"}, "lr.phases.2.curve._target_: 'math.pi' is no curve; it must be a frozen dataclass"),
        ({"_target_": f"{__name__}.NoDataclass"}, "is no curve; it must be a frozen dataclass"),
    ],
)
def test_what_is_wrong_with_it_is_reported_at_its_key(curve, message):
    with pytest.raises(ConfigError) as caught:
        resolve_lr(section(curve))
    assert message in str(caught.value)


def test_it_may_stand_on_a_packaged_one():
    assert resolve_lr(section({"_target_": MINE, "type": "linear"})) == resolve_lr(section({"_target_": MINE}))
    assert resolve_lr(section({"_target_": None, "type": "linear"})) == resolve_lr(section({"type": "linear"}))


def test_editors_leave_its_fields_alone():
    validator = Draft202012Validator(lr_file_schema())
    validator.validate(section({"_target_": MINE, "power": 3}))
    validator.validate({"defaults": ["wsd"], "phases": {"2": {"curve": {"_target_": MINE, "power": 3}}}})
    assert not validator.is_valid(section({"power": 3}))

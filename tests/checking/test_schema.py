"""The JSON Schema of an `lr` file: takes every packaged one and both forms, and refuses what the models refuse."""

import json
import re

import pytest
import yaml
from jsonschema import Draft202012Validator
from omegaconf import OmegaConf

from d9d_lr import schema
from d9d_lr.checking.lr_schema import lr_file_schema
from d9d_lr.composing.paths import SCHEDULES_DIR

WARMUP = "{mode: steps, steps: 10, target_multiplier: 1.0, curve: {type: linear}}"
REST = "{mode: rest, target_multiplier: 0.1, curve: {type: poly, power: 0.5}}"


@pytest.fixture(scope="module")
def validator():
    Draft202012Validator.check_schema(lr_file_schema())
    return Draft202012Validator(lr_file_schema())


FOLDERS = ("", "systems", "models")
PRESETS = sorted(file for folder in FOLDERS for file in (SCHEDULES_DIR / "lr" / folder).glob("*.yaml"))


@pytest.mark.parametrize("file", PRESETS, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_packaged_schedule_is_valid(file, validator):
    validator.validate(OmegaConf.to_container(OmegaConf.load(file), resolve=False))


@pytest.mark.parametrize(
    "text",
    [
        f"initial_multiplier: 0.0\nphases: [{WARMUP}, {REST}]",
        f"initial_multiplier: 0\nphases: {{'0': {WARMUP}, '2': {REST}, '1': {{}}, '3': null}}",
        f"name: piecewise\nscheduler: {{initial_multiplier: 0.0, phases: [{WARMUP}]}}",
        "_target_: my_project.my_provider\nanything: [1, 2]",
        f"_target_: null\ninitial_multiplier: 0.0\nphases: [{REST}]",
        "defaults: [wsd, _self_]\nphases: {'0': {steps: 200}, '2': {target_multiplier: 0.0, curve: {power: 3}}}",
        "defaults: [warmup@phases.0: linear, {override decay@phases.2: cosine}, _self_]",
        "scalars: [n]\nn: 3\ninitial_multiplier: 0.0\nphases: [" + WARMUP.replace("10", "'${..n}'") + "]",
        "initial_multiplier: ${start}\nphases: [" + WARMUP.replace("linear", "'${shape}'") + "]",
        f"initial_multiplier: 0.0\nphases: [{{mode: repeat, times: 2, phases: [{WARMUP}]}}]",
        f"initial_multiplier: 0.0\nphases: {{'0': {{mode: repeat, times: 2, phases: {{'3': {WARMUP}, '1': {{}}}}}}}}",
        "defaults: [warm_restarts]\nphases: {'1': {times: 4, phases: {'0': {target_multiplier: 0.1}}}}",
    ],
)
def test_every_form_is_valid(text, validator):
    validator.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        (f"initial_multiplier: 0.0\nphases: [{WARMUP}]\npower: 2", [], "'power' is not one of"),
        ("initial_multiplier: 0.0", [], "'phases' is a required property"),
        (f"phases: [{WARMUP}]", [], "'initial_multiplier' is a required property"),
        ("initial_multiplier: 0.0\nphases: []", ["phases"], "is not valid"),
        ("initial_multiplier: zero\nphases: []", ["initial_multiplier"], "'zero' is not of type 'number'"),
        (f"initial_multiplier: 0.0\nphases: {{first: {WARMUP}}}", ["phases"], "is not valid"),
        (f"initial_multiplier: 0.0\nphases: [{WARMUP.replace('steps: 10', 'steps: 0')}]", ["phases"], "is not valid"),
        (f"initial_multiplier: 0.0\nphases: [{WARMUP.replace('linear', 'linaer')}]", ["phases"], "is not valid"),
        (f"initial_multiplier: 0.0\nphases: [{REST.replace('0.5', '-1')}]", ["phases"], "is not valid"),
        ("defaults: [wsd]\nphases: {'0': {step: 200}}", ["phases"], "is not valid"),
        ("defaults: [wsd]\nphases: {'0': {mode: step}}", ["phases"], "is not valid"),
        ("defaults: [wsd]\nphase: {}", [], "'phase' is not one of"),
        (f"scalars: [n]\nn: 3\nphases: [{WARMUP}]", [], "'initial_multiplier' is a required property"),
        (f"initial_multiplier: 0.0\nphases: [{WARMUP.replace('steps: 10', 'steps: x')}]", ["phases"], "is not valid"),
        (f"initial_multiplier: 0.0\nphases: [{{mode: repeat, phases: [{WARMUP}]}}]", ["phases"], "is not valid"),
        (f"scheduler: {{initial_multiplier: 0.0, phases: [{WARMUP}], x: 1}}", ["scheduler"], "'x' was unexpected"),
        (f"name: cosine\nscheduler: {{initial_multiplier: 0.0, phases: [{WARMUP}]}}", ["name"], "'piecewise' was exp"),
    ],
)
def test_what_is_wrong_is_found_where_it_is(text, where, message, validator):
    errors = list(validator.iter_errors(yaml.safe_load(text)))
    assert errors
    assert list(errors[0].absolute_path) == where
    assert re.search(message, errors[0].message)


def test_the_command_prints_and_writes_the_same(tmp_path, capsys):
    schema.schema([])
    printed = capsys.readouterr().out
    schema.schema(["--out", str(tmp_path / "new" / "lr.schema.json")])
    assert (tmp_path / "new" / "lr.schema.json").read_text() == printed
    assert json.loads(printed) == lr_file_schema()

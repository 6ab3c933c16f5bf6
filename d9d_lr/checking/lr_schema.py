"""The JSON Schema of an `lr` file, for editors that complete and check YAML.

An `lr` file is what stands in `lr/NAME.yaml`: a whole schedule, flat or nested, its phases a list or a mapping from
position. One with a `defaults` list is completed by Hydra from the phase groups, so nothing in it is required. One with
`scalars` has keys of its own, which its phases read. Wherever a value stands, an interpolation may.
"""

from __future__ import annotations

import copy
from typing import Any

from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.scheduler_fields import BATCH_SIZE

Schema = dict[str, Any]

_POSITION = "^[0-9]+$"
_INTERPOLATION: Schema = {"type": "string", "pattern": r"^\$\{.+\}$"}


def lr_file_schema() -> Schema:
    """Returns the schema, built from the models that validate the file once it is composed."""
    definitions: Schema = PiecewiseConfig.model_json_schema()["$defs"]
    scheduler = definitions.pop("PiecewiseSchedulerConfig")
    del definitions["SchedulerFields"]  # the same fields again, for the batch sizes
    lists = ("phases", BATCH_SIZE)
    numbers = {name: field for name, field in scheduler["properties"].items() if name not in lists}
    definitions["Phase"] = scheduler["properties"]["phases"]["items"]
    for definition in definitions.values():
        _accept_interpolations(definition.get("properties", {}))
    _accept_interpolations(numbers)
    cycle = definitions["RepeatConfig"]["properties"]
    cycle["phases"] = _phases(cycle["phases"]["items"])
    curves = definitions["CurveConfig"]
    definitions["PartialCurve"] = _or_user_defined(_partial(_members(definitions, curves), {}))
    definitions["CurveConfig"] = _or_user_defined(_curve(curves["oneOf"])) | {"discriminator": curves["discriminator"]}
    definitions["PartialPhase"] = _partial(
        _members(definitions, definitions["Phase"]),
        {"curve": {"$ref": "#/$defs/PartialCurve"}, "phases": _phases({"$ref": "#/$defs/PartialPhase"})},
    )
    definitions["Schedule"] = _schedule(numbers, {"$ref": "#/$defs/Phase"}, ["initial_multiplier", "phases"])
    definitions["PartialSchedule"] = _schedule(numbers, {"$ref": "#/$defs/PartialPhase"}, [])
    definitions["BatchSizes"] = _file(copy.deepcopy(definitions["Schedule"]))
    definitions["PartialBatchSizes"] = _file(copy.deepcopy(definitions["PartialSchedule"]))
    for of in ("", "Partial"):
        place = {"description": "The batch sizes that it comes with.", **_or_null(f"{of}BatchSizes")}
        definitions[f"{of}Schedule"]["properties"][BATCH_SIZE] = place
    definitions["File"] = _file(definitions["Schedule"])
    definitions["NestedFile"] = _nested("Schedule")
    definitions["PartialFile"] = _file(definitions["PartialSchedule"])
    definitions["PartialNestedFile"] = _nested("PartialSchedule")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A learning-rate schedule of d9d_lr: lr/NAME.yaml",
        "type": "object",
        "if": {"required": ["_target_"], "properties": {"_target_": {"type": "string"}}},
        "then": {"description": "A provider of your own; the other keys are its arguments."},
        "else": {
            "if": {"required": ["defaults"]},
            "then": _either("PartialNestedFile", "PartialFile"),
            "else": _either("NestedFile", "File"),
        },
        "$defs": definitions,
    }


def _members(definitions: Schema, union: Schema) -> list[Schema]:
    """Returns the members of a discriminated union."""
    return [definitions[place.rpartition("/")[2]] for place in union["discriminator"]["mapping"].values()]


def _accept_interpolations(properties: Schema) -> None:
    """Lets an interpolation stand for each value, but for what tells the members of a union apart."""
    for name, field in properties.items():
        if "const" not in field and name not in ("phases", "curve"):
            notes = {word: field[word] for word in ("title", "description", "default") if word in field}
            properties[name] = {**notes, "if": _INTERPOLATION, "else": field}


def _curve(members: list[Schema]) -> Schema:
    """A curve whose type is read from a scalar is checked as far as it can be."""
    read = {"required": ["type"], "properties": {"type": _INTERPOLATION}}
    interpolated = {"type": "object", "maxProperties": 1}
    return {"if": read, "then": interpolated, "else": {"oneOf": members}}


def _or_user_defined(curve: Schema) -> Schema:
    described = {"description": "A curve of your own; the other keys are its fields."}
    return {"if": {"required": ["_target_"]}, "then": described, "else": curve}


def _either(nested: str, flat: str) -> Schema:
    """Chooses by what the file holds, so that an editor shows the complaints of one form and not of both."""
    return {
        "if": {"required": ["scheduler"]},
        "then": {"$ref": f"#/$defs/{nested}"},
        "else": {"$ref": f"#/$defs/{flat}"},
    }


def _schedule(numbers: Schema, phase: Schema, required: list[str]) -> Schema:
    initial = {**numbers["initial_multiplier"], "description": "Multiplier of the base learning rate at step 0."}
    return {
        "type": "object",
        "properties": {**numbers, "initial_multiplier": initial, "phases": _phases(phase)},
        "required": required,
        "additionalProperties": False,
    }


def _or_null(name: str) -> Schema:
    return {"if": {"type": "null"}, "else": {"$ref": f"#/$defs/{name}"}}


def _phases(phase: Schema) -> Schema:
    return {
        "description": "The phases in order: a list, or a mapping from position such as '0', with holes allowed.",
        "anyOf": [
            {"type": "array", "items": phase, "minItems": 1},
            {
                "type": "object",
                "patternProperties": {_POSITION: {"anyOf": [phase, {"type": "null"}, _exactly_empty()]}},
                "additionalProperties": False,
            },
        ],
    }


def _file(schedule: Schema) -> Schema:
    """A flat file; one with scalars may have any key, and the other one none that is not known."""
    properties = {**_head(), **schedule["properties"]}
    scalars = {"type": "array", "items": {"type": "string"}, "description": "The keys of this file's own."}
    known = {"propertyNames": {"enum": sorted(properties)}}
    body = {name: value for name, value in schedule.items() if name != "additionalProperties"}
    return {**body, "properties": {**properties, "scalars": scalars}, "if": {"required": ["scalars"]}, "else": known}


def _nested(schedule: str) -> Schema:
    return {
        "type": "object",
        "properties": {**_head(), "scheduler": {"$ref": f"#/$defs/{schedule}"}},
        "required": ["scheduler"],
        "additionalProperties": False,
    }


def _head() -> Schema:
    defaults = {
        "description": "Hydra's defaults list, such as `- warmup@phases.0: linear` and `- _self_`.",
        "type": "array",
        "items": {"anyOf": [{"type": "string"}, {"type": "object", "maxProperties": 1}]},
    }
    return {"defaults": defaults, "_target_": {"type": "null"}, "name": {"const": "piecewise"}}


def _partial(members: list[Schema], replaced: Schema) -> Schema:
    """Returns the union of some models with nothing required: what a file may add to a group's option."""
    properties: Schema = {}
    for member in members:
        for name, field in member["properties"].items():
            tags = [tag for known in members if (tag := known["properties"].get(name, {}).get("const"))]
            properties[name] = {"enum": tags} if tags else replaced.get(name, copy.deepcopy(field))
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _exactly_empty() -> Schema:
    return {"type": "object", "maxProperties": 0}

"""What two runs must share to be the same: the values that decide what they compute, told apart by value and type."""

import dataclasses
import math
import typing
from typing import Annotated, get_args, get_origin

import pytest

from d9d_lr.composing.targets import TargetConfig
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import AutoLRSchedulerConfig
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.runs.canonical import canonical
from d9d_lr.training.fingerprint import defaults, digest, essential, settings_fingerprint
from d9d_lr.training.settings import Settings, TrainConfig
from helpers.small_runs import DIGITS, settings

TASK = ("task._target_=helpers.user_defined.LineTask",)
UNEQUAL = [
    "null",
    "inf",
    "-inf",
    "nan",
    "0",
    "0.0",
    "1",
    "1.0",
    "true",
    "'1'",
    "'true'",
    "[1]",
    "'[1]'",
    "{a: 1}",
    "''",
]


def test_no_two_arguments_of_a_user_defined_part_are_taken_for_the_same():
    fingerprints = {typed: settings_fingerprint(settings(*TASK, f"+task.slope={typed}")) for typed in UNEQUAL}
    assert len(set(fingerprints.values())) == len(UNEQUAL), fingerprints


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ([1, [2.0]], (1, (2.0,))),
        (math.nan, float("nan")),
        ({"a": {"x": None, "y": ()}}, {"a": {"y": [], "x": None}}),
    ],
)
def test_the_order_of_keys_and_the_kind_of_sequence_do_not_matter(one, other):
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    ("one", "other"), [({1: 2}, {"1": 2}), ([[1], 2], [1, 2]), ("\udcff", "\\udcff"), ("a,b", ["a", "b"])]
)
def test_what_would_be_written_alike_differs(one, other):
    assert canonical(one) != canonical(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["train.total_steps=20"], ["train.total_steps=20.0"]),
        (["optimizer.lr=1"], ["optimizer.lr=1.0"]),
        (["task.dropout=0"], ["task.dropout=0.0"]),
    ],
)
def test_a_number_counts_and_not_how_it_is_typed(one, other):
    assert settings_fingerprint(settings(*DIGITS, *one)) == settings_fingerprint(settings(*DIGITS, *other))


@pytest.mark.parametrize("total_steps", [100.0, 62.5])
def test_a_schedule_has_a_whole_number_of_steps(total_steps):
    phases = [{"mode": "rest", "target_multiplier": 0.1, "curve": {"type": "linear"}}]
    config = AutoLRSchedulerConfig.model_validate({"initial_multiplier": 1.0, "phases": phases})
    with pytest.raises(ConfigError, match=r"total_steps: .* is not allowed; it must be a whole number"):
        build_schedule(config, total_steps)


def test_what_a_user_defined_part_does_not_know_does_not_count():
    there = TargetConfig(target="my.Task", arguments={"a": 1}, replaced={"layers": 2})
    assert essential(there) == essential(there.model_copy(update={"replaced": {"layers": 2, "later": 3}}))


def test_a_field_of_a_later_version_counts_where_it_is_not_at_its_default():
    class Later(TrainConfig):
        ema_decay: float | None = None

    now = settings(*DIGITS)
    same, other = (now.model_copy(update={"train": Later(**dict(now.train), ema_decay=each)}) for each in (None, 0.5))
    assert settings_fingerprint(same) == settings_fingerprint(now)
    assert settings_fingerprint(other) != settings_fingerprint(now)


def test_the_members_of_a_union_are_told_apart_although_their_names_are_defaults():
    names = ("linear", "cosine", "poly", "exponential")
    curves = [settings(*DIGITS, f"lr/curve@lr.phases.2.curve={name}").lr for name in names]
    assert len({canonical(essential(each)) for each in curves}) == 4


# --- defaults are part of the format --------------------------------------------------------------------------------


def kinds(annotation, found):
    """Every model and dataclass that a field can hold."""
    annotation = getattr(annotation, "__value__", annotation)
    for part in get_args(annotation)[: 1 if get_origin(annotation) is Annotated else None]:
        kinds(part, found)
    kind = get_origin(annotation) or annotation
    if (hasattr(kind, "model_fields") or dataclasses.is_dataclass(kind)) and kind not in found:
        found.append(kind)
        for hint in typing.get_type_hints(kind, include_extras=True).values():
            kinds(hint, found)
    return found


LATE = {"ahead_steps": 0, "curve_from": None, "curve_until": None, "start_lr": None, "start_multiplier": None}
UNITS = dict.fromkeys(("steps", "epochs", "samples", "tokens", "fraction"))
TARGETS = dict.fromkeys(("target_lr", "target_multiplier"))
PER_STEP = (
    "reference_lr",
    "samples_per_epoch",
    "samples_per_step",
    "steps_per_epoch",
    "tokens_per_sample",
    "tokens_per_step",
)
DEFAULTS = {
    "CurvePoly": {"power": 2.0},
    "CurvePolynomialDecay": {"power": 2.0},
    "CurveCosinePower": {"power": 2.0},
    "CurveKDecayCosine": {"k": 2.0},
    "CurveHalfLife": {"steps": 100.0},
    "CurveInverseSqrt": {"timescale": 1000.0, "floor": None},
    "CurveTanh": {"lower": -7.0, "upper": 3.0},
    "CurvePowerLaw": {"exponent": 0.5, "timescale": 1000.0},
    **dict.fromkeys(("PhaseSteps", "PhasePercentage", "PhaseRest"), LATE | TARGETS),
    **dict.fromkeys(("PhaseLasts", "PhaseUntil", "PhaseBeforeEnd"), LATE | TARGETS | UNITS),
    "RepeatConfig": UNITS
    | {"times": None, "cycle_steps": None, "growth": 1.0, "scale": 1.0, "cycles_from": None, "mode": "repeat"}
    | {"scaled": "levels"},
    "TrainConfig": dict.fromkeys(("total_samples", "total_tokens", "stop_after")),
    "PiecewiseSchedulerConfig": dict.fromkeys((*PER_STEP, "batch_size")),
    "TargetConfig": {"arguments": {}, "replaced": {}},
}
"""What files without these fields mean. A release adds its own; one that is here changes only with a new `RULES`."""


def test_no_default_changes():
    found = {kind.__name__: kind for kind in kinds(Settings, [])}
    assert DEFAULTS.keys() <= found.keys()
    for name, expected in DEFAULTS.items():
        now = defaults(found[name])
        assert {field: now[field] for field in expected} == expected, name

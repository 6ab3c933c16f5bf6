"""Schedules in the form of other systems: what comes back is what went out, and the rest is refused with the reason."""

import csv
import json
import re

import numpy as np
import pytest

from canon import systems
from canon.cases import PRESETS
from canon.compare import config_of, schedule_of
from d9d_lr import AutoLRSchedulerConfig, ConfigError, build_schedule, compose_lr, resolve_lr
from d9d_lr.export import export
from d9d_lr.exporting.d9d import to_d9d
from d9d_lr.exporting.megatron import to_megatron
from d9d_lr.exporting.values import greatest_difference
from d9d_lr.plotting.series import compose_series

MODES = {"steps", "percentage", "rest"}
CURVES = {"linear", "cosine", "poly", "exponential"}
FIELDS = {"mode", "steps", "percentage", "target_multiplier", "curve"}


def is_of_d9d(text):
    found = json.loads(text)["scheduler"]
    return found.keys() == {"initial_multiplier", "phases"} and all(
        phase["mode"] in MODES and phase["curve"]["type"] in CURVES and phase.keys() <= FIELDS
        for phase in found["phases"]
    )


def run(capsys, *arguments):
    export(arguments)
    return capsys.readouterr()


# --- d9d ---


@pytest.mark.parametrize("preset", ["wsd", "warmup_cosine", "step_list", "docs_example", "constant"])
def test_what_d9d_has_is_written_as_it_is(preset, capsys):
    said = run(capsys, f"lr={preset}", "--to", "d9d")
    assert said.out == compose_lr([f"lr={preset}"]).model_dump_json(indent=2) + "\n"
    assert said.err == ""


LOWERED = [
    "systems/composer_cosine_with_warmup",
    "systems/composer_linear_with_warmup",
    "systems/composer_multistep_with_warmup",
    "systems/levanter_cosine",
    "systems/megatron_linear",
    "systems/modded_nanogpt",
    "systems/nanochat",
    "systems/olmo_core_cosine",
    "systems/olmo_core_linear",
    "systems/olmo_core_wsd",
    "systems/timm_wsd",
    "systems/torch_exponential",
    "systems/torch_linear",
    "systems/torch_multistep",
    "systems/torch_one_cycle",
    "systems/torch_polynomial",
    "systems/torchtitan",
    "systems/torchtitan_wsd",
    "systems/transformers_cosine_warmup_with_min_lr",
    "systems/transformers_wsd",
]


@pytest.mark.parametrize("name", LOWERED)
def test_a_preset_that_is_lowered_has_the_same_values(name):
    for case in PRESETS[name].cases:
        if {"lr.power=2.0", "lr.half_life_steps=1"} & set(case.overrides):
            continue  # no curve of d9d's, and below its least value
        schedule = schedule_of(name, case)
        text = to_d9d(config_of(name, case), schedule).model_dump_json()
        assert is_of_d9d(text)
        read = build_schedule(AutoLRSchedulerConfig.model_validate_json(text), case.total_steps)
        assert greatest_difference(schedule, read, case.total_steps + 1) <= 2e-15, case


def lr(*phases, **fields):
    return resolve_lr({"initial_multiplier": 0.0, "phases": list(phases), **fields})


LINEAR, COSINE, CONSTANT = {"type": "linear"}, {"type": "cosine"}, {"type": "constant"}
UP = {"mode": "steps", "steps": 4, "target_multiplier": 1.0, "curve": LINEAR}
DOWN = {"mode": "rest", "target_multiplier": 0.0, "curve": LINEAR}

# what is written, the run, and the phases that d9d gets: (length, target)
FORMS = [
    # lengths in other units are steps
    ([{**UP, "mode": "until", "fraction": 0.57, "steps": None}, DOWN], 100, [(57, 1.0), ("rest", 0.0)]),
    # a jump is a phase of no steps: at 0.5 of the run
    ([{**UP, "steps": 5}, {**DOWN, "start_multiplier": 0.5}], 10, [(5, 1.0), (0.5, 0.5), ("rest", 0.0)]),
    # a hold at another level is a jump and a straight line that is level
    ([{**UP, "steps": 5}, {**DOWN, "curve": CONSTANT}], 10, [(5, 1.0), (0.5, 0.0), ("rest", 0.0)]),
    # (t + 1) / 4: from 0.25, the peak at step 3, where the hold begins
    ([{**UP, "ahead_steps": 1}, {**DOWN, "target_multiplier": 1.0}], 8, [(0.0, 0.25), (3, 1.0), ("rest", 1.0)]),
    # a cosine that runs a step ahead begins in the last step of the warmup
    (
        [{**UP, "ahead_steps": 1}, {**DOWN, "curve": COSINE, "ahead_steps": 1}],
        12,
        [(0.0, 0.25), (3, 1.0), (8, 0.0), ("rest", 0.0)],
    ),
    # a line that is left half way
    ([{**UP, "curve_until": 8}, {**DOWN}], 8, [(4, 0.5), ("rest", 0.0)]),
    # the run is longer than the phases
    ([{**UP, "mode": "lasts"}], 8, [(4, 1.0)]),
    # d9d's own floor of 0.57 * 10 000 is 5699
    ([{"mode": "percentage", "percentage": 0.57, "target_multiplier": 1.0, "curve": LINEAR}, DOWN], 10_000,
     [(5700, 1.0), ("rest", 0.0)]),
    # cycles
    ([{"mode": "repeat", "times": 2, "phases": [{**DOWN, "start_multiplier": 1.0}]}], 10,
     [(0.0, 1.0), (5, 0.0), (0.5, 1.0), ("rest", 0.0)]),
]  # fmt: skip


@pytest.mark.parametrize(("phases", "total", "expected"), FORMS)
def test_what_d9d_lacks_is_lowered(phases, total, expected):
    config = lr(*phases)
    found = to_d9d(config, build_schedule(config, total))
    forms = [
        (phase.get("steps", phase.get("percentage", "rest")), phase["target_multiplier"])
        for phase in found.model_dump()["scheduler"]["phases"]
    ]
    assert forms == expected
    assert greatest_difference(build_schedule(config, total), build_schedule(found, total), total + 3) <= 1e-15


def test_learning_rates_are_multipliers_of_the_base(capsys):
    said = run(capsys, "lr=models/apertus_70b", "lr.stretch=true", "--to", "d9d")
    assert is_of_d9d(said.out)
    told, lowered = said.err.splitlines()
    assert told == "the batch sizes of lr.batch_size are not in it: d9d has no place for them"
    assert lowered.startswith("lowered for a run of 1000 steps; the greatest difference is ")
    assert json.loads(said.out)["scheduler"]["phases"][-1]["target_multiplier"] == pytest.approx(0.1)


REFUSED = [
    (
        "systems/transformers_inverse_sqrt",
        (),
        "lr.phases.1.curve: d9d has no inverse_sqrt; it has linear",
    ),
    ("systems/levanter_wsd_s", ("lr.decay_curve=inverse_linear",), "has no inverse_linear"),
    (
        "wsd",
        ("lr/curve@lr.phases.2.curve=cosine", "+lr.phases.2.curve_until=1200"),
        "lr.phases.2.curve: its cosine lies over the steps 800 to 1200, and the phase over 800 to 1000; a part of it is"
        " no cosine",
    ),
    ("wsd", ("lr/curve@lr.phases.2.curve=polynomial_decay",), "lr.phases.2.curve: d9d has no polynomial_decay"),
    ("wsd", ("lr/curve@lr.phases.2.curve=half_life",), "lr.phases.2.curve: d9d has no half_life"),
]


@pytest.mark.parametrize(("preset", "typed", "message"), REFUSED)
def test_what_d9d_cannot_say_is_refused_with_the_reason(preset, typed, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        export([f"lr={preset}", *typed, "--to", "d9d"])


# --- Megatron ---


def flags(*typed, total=1000):
    schedule = build_schedule(compose_lr(typed), total)
    return dict(flag.removeprefix("--").split() for flag in to_megatron(schedule, 2.0, total))


MEGATRON = [
    ("systems/megatron_linear", ()),
    ("systems/megatron_cosine", ()),
    ("systems/megatron_inverse_sqrt", ()),
    ("systems/megatron_inverse_sqrt", ("lr.min_lr_ratio=0.4",)),
    *(("systems/megatron_wsd", (f"lr.decay_curve={curve}",)) for curve in
      ("linear", "cosine", "exponential_halving", "one_minus_sqrt")),
    ("warmup_cosine", ()),
    ("wsd", ("lr.initial_multiplier=0.25",)),
    ("warmup_constant", ()),
    ("warmup_cosine", ("lr.phases.1.mode=until", "+lr.phases.1.fraction=0.7")),
    ("linear_to_zero", ()),
]  # fmt: skip


@pytest.mark.parametrize(("preset", "typed"), MEGATRON)
def test_the_flags_give_megatrons_own_formula_the_same_values(preset, typed):
    found = flags(f"lr={preset}", *typed)
    schedule = build_schedule(compose_lr([f"lr={preset}", *typed]), 1000)
    peak = float(found["lr"])
    formula = {
        "total": int(found["lr-decay-iters"]),
        "warmup": int(found["lr-warmup-iters"]),
        "style": found["lr-decay-style"],
        "min_lr": float(found["min-lr"]) / peak,
        "init": float(found.get("lr-warmup-init", 0)) / peak,
    }
    if formula["style"] == "WSD":
        formula |= {"wsd_decay": int(found["lr-wsd-decay-iters"]), "wsd_style": found["lr-wsd-decay-style"]}
    assert int(found["train-iters"]) == 1000
    for step in range(1001):
        value = peak * systems.megatron(step, **formula)
        assert value == pytest.approx(2.0 * schedule.multiplier(step), abs=4e-15), step


def test_the_flags_are_printed_as_they_are_typed(capsys):
    assert run(capsys, "lr=wsd", "--to", "megatron").out == (
        "--lr 0.003 \\\n--min-lr 0.0003 \\\n--train-iters 1000 \\\n--lr-decay-iters 1000 \\\n"
        "--lr-warmup-iters 100 \\\n--lr-decay-style WSD \\\n--lr-wsd-decay-style linear \\\n--lr-wsd-decay-iters 200\n"
    )


RAMP = "+lr@schedules.batch_size=batch_size/megatron_rampup"
GROWING = [
    # the warmup lies over the steps of one size, 20 of 8 examples, and the decay over those of another
    (("lr=wsd", "lr.phases.0.steps=20", RAMP, "train.batch_size=16"), [8, 8, 160]),
    (("lr=warmup_cosine", "lr.phases.0.steps=20", RAMP, "train.batch_size=16"), [8, 8, 160]),
    (("lr=wsd", "lr.phases.0.steps=5", RAMP, "schedules.batch_size.rampup_batch_size=[8,4,500]"), [8, 4, 500]),
    # 451 of 1000 steps of 16, then 32: one stair of 16
    (("lr=models/apertus_70b", "lr.stretch=true"), [16, 16, 7232]),
]


@pytest.mark.parametrize(("typed", "numbers"), GROWING, ids=lambda value: str(value)[:40])
def test_where_the_batch_grows_the_flags_count_examples(typed, numbers, capsys):
    said = run(capsys, *typed, "--to", "megatron")
    found = dict(flag.removeprefix("--").split(" ", 1) for flag in said.out.strip().split(" \\\n"))
    assert list(map(int, found["rampup-batch-size"].split())) == numbers
    assert not any(name.endswith("-iters") for name in found)
    lr, batch = compose_series(typed)
    peak, full, consumed = float(found["lr"]), int(found["global-batch-size"]), 0
    formula = {
        "total": int(found["lr-decay-samples"]),
        "warmup": int(found["lr-warmup-samples"]),
        "style": found["lr-decay-style"],
        "min_lr": float(found["min-lr"]) / peak,
        "init": float(found.get("lr-warmup-init", 0)) / peak,
    }
    if formula["style"] == "WSD":
        formula |= {"wsd_decay": int(found["lr-wsd-decay-samples"]), "wsd_style": found["lr-wsd-decay-style"]}
    for step in range(1000):
        assert peak * systems.megatron(consumed, **formula) == pytest.approx(
            lr.base_lr * lr.schedule.multiplier(step), rel=1e-12, abs=1e-18
        ), step
        size = systems.megatron_rampup(consumed, *numbers, full)
        assert size == round(batch.base_lr * batch.schedule.multiplier(step)), step
        consumed += size
    assert consumed == int(found["train-samples"])


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (
            ("lr=warmup_cosine", RAMP, "train.batch_size=16"),
            r"lr\.phases\.0: .*it counts examples, of which a step has more from step 20 on",
        ),
        (
            ("+experiment=seesaw",),
            r"schedules\.batch_size\.phases: Megatron's ramp goes up in equal stairs",
        ),
    ],
)
def test_a_batch_that_the_flags_cannot_say(typed, message):
    with pytest.raises(ConfigError, match=message):
        export([*typed, "--to", "megatron"])


def test_the_batch_sizes_are_in_the_table_of_text_and_told_where_they_are_not(capsys, tmp_path):
    typed = ("lr=models/moonlight", "lr.stretch=true")
    lines = run(capsys, *typed, "--to", "csv").out.splitlines()
    assert lines[0] == "step,multiplier,lr,batch_size"
    # 11 920.9 of 175 833.7 steps are 0.0678 of them
    assert [lines[1 + step].split(",")[3] for step in (0, 66, 67, 999)] == ["16", "16", "32", "32"]
    said = run(capsys, *typed, "--to", "optax", "--out", str(tmp_path / "table.npy"))
    assert said.err == "the batch sizes of lr.batch_size are not in it: optax has no place for them\n"


NO_FLAGS = [
    (
        "lr=wsd_cycles",
        "phases.1.phases.1: Megatron's flags cannot say this phase: after the decay nothing may",
    ),
    ("lr=step_list", "it jumps from 1 to 0.5"),
    ("lr=systems/olmo_core_linear", "it jumps from 1 to 0.999"),
    ("lr=models/moonlight", "after the decay nothing may follow but a floor"),
    ("lr=systems/timm_poly", "it has no polynomial_decay; it has linear, cosine, inverse_sqrt over the warmup's len"),
    ("lr=systems/torch_exponential", "it has no exponential"),
    ("lr=systems/transformers_inverse_sqrt lr.timescale=1000", "the inverse root over the whole run and down to 0"),
]


@pytest.mark.parametrize(("typed", "message"), NO_FLAGS)
def test_what_the_flags_cannot_say_is_refused_with_the_reason(typed, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        export([*typed.split(), "lr.stretch=true", "--to", "megatron"])


# --- values ---


def test_a_table_of_text_is_read_back_to_the_last_bit(tmp_path):
    export(["lr=models/deepseek_v3", "lr.stretch=true", "train.total_steps=333", "--to", "csv", "-o", f"{tmp_path}/a"])
    rows = list(csv.DictReader((tmp_path / "a").read_text().splitlines()))
    schedule = build_schedule(compose_lr(["lr=models/deepseek_v3", "+lr.stretch=true", "+lr.reference_lr=0.003"]), 333)
    multipliers = schedule.multipliers(range(333))
    assert [int(row["step"]) for row in rows] == list(range(333))
    assert [float(row["multiplier"]) for row in rows] == multipliers.tolist()
    assert [float(row["lr"]) for row in rows] == (0.003 * multipliers).tolist()


def test_a_table_of_numpys_is_looked_up_by_the_step(tmp_path):
    export(["lr=warm_restarts", "optimizer.lr=0.5", "--to", "optax", "--out", str(tmp_path / "table.npy")])
    table = np.load(tmp_path / "table.npy")
    schedule = build_schedule(compose_lr(["lr=warm_restarts"]), 1000)
    assert table.tolist() == (0.5 * schedule.multipliers(range(1001))).tolist()
    steps = np.array([0, 100, 999, 1000, 5000])
    looked_up = table[np.clip(steps, 0, len(table) - 1)]
    assert looked_up.tolist() == (0.5 * schedule.multipliers(steps)).tolist()


@pytest.mark.parametrize(
    ("typed", "message"),
    [
        (["lr=wsd", "--to", "optax"], "--out: is missing: the table is a file\n    type --out schedule.npy"),
        (["lr=wsd,constant", "--to", "csv"], "one schedule is exported, and these words give 2"),
        (["lr=wsdd", "--to", "csv"], "did you mean"),
    ],
)
def test_what_cannot_be_exported_is_told(typed, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        export(typed)


def test_an_application_of_ones_own(tmp_path):
    (tmp_path / "config.yaml").write_text("defaults:\n  - lr: wsd\n  - _self_\nmax_steps: 200\n")
    export(["-cd", str(tmp_path), "--to", "csv", "--out", str(tmp_path / "a.csv")])
    assert (tmp_path / "a.csv").read_text().splitlines()[:3] == ["step,multiplier", "0,0.0", "1,0.01"]
    with pytest.raises(ConfigError, match="the base of these is not known"):
        export(["-cd", str(tmp_path), "--to", "megatron"])

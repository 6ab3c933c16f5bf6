"""Every file of the config groups is composed, validated and built, and says itself how to use it."""

import re
import shlex
from pathlib import Path

import pytest
import yaml

from d9d_lr import build_schedule, compose_lr
from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.provider.auto import AutoLRSchedulerProvider
from helpers.running import run_command

TOTAL_STEPS = 1000
PLACE = {"warmup": "lr.phases.0", "hold": "lr.phases.1", "decay": "lr.phases.2", "curve": "lr.phases.2.curve"}


def names(folder):
    return sorted(path.stem for path in folder.glob("*.yaml"))


PRESETS = names(SCHEDULES_DIR / "lr")
OPTIONS = [(group, name) for group in PLACE for name in names(SCHEDULES_DIR / "lr" / group)]
EVERY_FILE = sorted([*SCHEDULES_DIR.rglob("*.yaml"), *APP_DIR.rglob("*.yaml")])


def multipliers(overrides, steps):
    schedule = build_schedule(compose_lr(overrides, TOTAL_STEPS), TOTAL_STEPS)
    return schedule.multipliers(steps).tolist()


# Multipliers at steps 0, 50, 100, 500, 900, 999 (the last step of the run) and 1000 (after it).
STEPS = [0, 50, 100, 500, 900, 999, 1000]
PRESET_TABLE = {
    "constant": [1, 1, 1, 1, 1, 1, 1],
    "docs_example": [0, 0.5, 1, 0.1 + 0.9 * 0.5868240888334652, 0.1 + 0.9 * 0.030153689607045786, None, 0.1],
    "linear_to_zero": [1, 0.95, 0.9, 0.5, 0.1, 0.001, 0],
    "step_list": [1, 1, 1, 0.5, 0.25, 0.25, 0.25],
    "warmup_constant": [0, 0.5, 1, 1, 1, 1, 1],
    # the cosine from step 100 to 1000 at steps 500 and 900: (1 + cos(pi * 4/9)) / 2 and (1 + cos(pi * 8/9)) / 2
    "warmup_cosine": [0, 0.5, 1, 0.1 + 0.9 * 0.5868240888334652, 0.1 + 0.9 * 0.030153689607045786, None, 0.1],
    "warmup_hold_cosine": [0, 0.5, 1, 1, 0.55, None, 0.1],  # halfway from 800 to 1000: the middle of 1 and 0.1
    "warmup_linear": [0, 0.5, 1, 0.6, 0.2, 0.101, 0.1],  # 1 - 0.9 * 400/900, 1 - 0.9 * 800/900, 1 - 0.9 * 899/900
    # cosines over [100, 550) and [550, 1000): 400 and 350 of 450 steps, (1 + cos(pi * 8/9)) / 2 and that of 7/9
    "warm_restarts": [0, 0.5, 1, 0.030153689607045786, 0.11697777844051105, None, 0],
    "wsd": [0, 0.5, 1, 1, 0.55, 0.1045, 0.1],  # 1 - 0.9 * 100/200, 1 - 0.9 * 199/200
    # the second cycle is [550, 1000), its decay the last 45 steps of it: 1 - 0.9 * 44/45
    "wsd_cycles": [0, 0.5, 1, 1, 1, 0.12, 0.1],
}


def test_the_table_has_every_preset():
    assert sorted(PRESET_TABLE) == PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_gives_the_numbers_its_name_promises(preset):
    found = multipliers([f"lr={preset}"], STEPS)
    for value, expected in zip(found, PRESET_TABLE[preset], strict=True):
        if expected is not None:
            assert value == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_the_default_is_wsd_with_its_three_phases():
    assert compose_lr([]) == compose_lr(["lr=wsd"])
    assert [phase.mode for phase in compose_lr([]).scheduler.phases] == ["steps", "percentage", "rest"]


# A step halfway through the phase that an option fills (warmup [0, 100), decay [800, 1000)), and the multiplier there.
HALFWAY = {
    ("warmup", "linear"): (50, 0.5),
    ("warmup", "cosine"): (50, 0.5),
    ("warmup", "exponential"): (50, 1e-4),  # half of the eight decades from 1e-8
    ("warmup", "poly"): (50, 0.25),
    # 0.1 of 1000 steps is step 100, as the four above
    ("warmup", "linear_percentage"): (50, 0.5),
    ("warmup", "cosine_percentage"): (50, 0.5),
    ("warmup", "exponential_percentage"): (50, 1e-4),
    ("warmup", "poly_percentage"): (50, 0.25),
    ("warmup", "linear_amount"): (50, 0.5),
    ("warmup", "linear_1_over_w"): (49, 0.5),
    ("warmup", "linear_1_over_w_plus_1"): (0, 1 / 101),
    ("warmup", "none"): (0, 0.0),  # the hold starts at once, from 0.0 to 1.0 over 800 steps
    ("hold", "until_percentage"): (450, 1.0),
    ("hold", "for_steps"): (350, 1.0),  # [100, 600)
    ("hold", "for_amount"): (350, 1.0),  # [100, 600)
    ("hold", "until_amount"): (450, 1.0),
    ("hold", "before_end"): (450, 1.0),  # [100, 800)
    ("hold", "none"): (550, 0.55),  # the decay is [100, 1000)
    ("decay", "linear"): (900, 0.55),
    ("decay", "linear_to_zero"): (900, 0.5),
    ("decay", "cosine"): (900, 0.55),
    ("decay", "cosine_to_zero"): (900, 0.5),
    ("decay", "poly"): (900, 0.775),  # 1 - 0.9/4
    ("decay", "poly_to_zero"): (900, 0.75),
    ("decay", "exponential"): (900, 10**-0.5),
    ("decay", "sqrt_to_zero"): (900, 1 - 0.5**0.5),
    ("decay", "linear_amount"): (900, 0.5),  # [800, 1000)
    ("decay", "cosine_restarts"): (950, 0.5),  # [800, 900) and [900, 1000)
    ("decay", "hold_and_decay_cycles"): (895, 0.55),  # of [800, 900) the last 10 steps decay to 0.1
    ("decay", "none"): (900, 1.0),
    ("curve", "linear"): (900, 0.55),
    ("curve", "cosine"): (900, 0.55),
    ("curve", "poly"): (900, 0.775),
    ("curve", "exponential"): (900, 10**-0.5),
    ("curve", "sqrt"): (900, 1 - 0.9 * 0.5**0.5),
    ("curve", "constant"): (900, 0.1),
    ("curve", "one_minus_sqrt"): (900, 1 - 0.9 * 0.5**0.5),
    ("curve", "polynomial_decay"): (900, 0.1 + 0.9 * 0.25),  # half of the way is left
    ("curve", "inverse_sqrt"): (900, 0.1 + 0.9 * (1000 / 1100) ** 0.5),  # 100 steps since 800, a timescale of 1000
    ("curve", "power_law"): (900, 0.1 + 0.9 * (1000 / 1100) ** 0.5),
    ("curve", "inverse_linear"): (900, 1 / 5.5),  # halfway from 1/1 to 1/0.1
    ("curve", "exponential_halving"): (900, 0.1 + 0.9 * (2 * 0.5**0.5 - 1)),
    ("curve", "half_life"): (900, 0.55),  # 100 steps, one half-life
    ("curve", "k_decay_cosine"): (900, 0.1 + 0.9 * (1 + 0.5**0.5) / 2),  # cos(pi/4), since 0.5^2 is 1/4
    ("curve", "cosine_power"): (900, 0.1 + 0.9 * 0.25),
    ("curve", "cosine_tail"): (900, 0.1 + 0.9 * (1 - 0.5**0.5)),  # 1 - sin(pi / 4)
    ("curve", "tanh"): (900, 0.1 + 0.9 * 0.9820137900379085),  # halfway from -7 to 3: (1 + tanh 2) / 2
}


def test_the_table_has_every_option():
    assert sorted(OPTIONS) == sorted(HALFWAY)


@pytest.mark.parametrize(("group", "name"), OPTIONS)
def test_each_option_of_a_phase_group_in_its_place(group, name):
    step, expected = HALFWAY[group, name]
    assert multipliers([f"lr/{group}@{PLACE[group]}={name}"], [step]) == pytest.approx([expected], rel=1e-12)


@pytest.mark.parametrize(("group", "name"), [option for option in OPTIONS if option[0] != "curve"])
def test_each_option_fits_behind_a_preset_that_lacks_the_place(group, name):
    config = compose_lr(["lr=warmup_constant", f"+lr/{group}@lr.phases.5={name}"], TOTAL_STEPS)
    assert len(config.scheduler.phases) == (1 if name == "none" else 2)


@pytest.mark.parametrize("preset", PRESETS)
def test_each_preset_becomes_a_provider_from_its_json(preset):
    json = compose_lr([f"lr={preset}"]).model_dump_json()
    assert callable(AutoLRSchedulerProvider(PiecewiseConfig.model_validate_json(json)))


def first_comment(path):
    return next(line for line in path.read_text().splitlines() if not line.startswith("# @package"))


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_each_file_opens_with_what_it_is(path):
    assert re.match(r"# [A-Z][\w ]*: .{10,}", first_comment(path))


WITH_USE = [path for path in EVERY_FILE if "Use: " in first_comment(path) and path.stem != "custom"]


def test_every_group_file_says_how_to_use_it():
    without = {path.name for path in EVERY_FILE if "Use: " not in first_comment(path)}
    assert without <= {"config.yaml", "d9d_lr.yaml", "checked.yaml"}  # the entrypoint's own, its logging, its sweeper


@pytest.mark.parametrize("path", WITH_USE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_use_that_a_file_names_works(path, in_tmp):
    ran = run_command(*shlex.split(first_comment(path).split("Use: ")[1]))
    assert ran.status == 0
    assert ran.trained


def test_the_shared_root_holds_lr_and_nothing_else():
    assert [path.name for path in SCHEDULES_DIR.iterdir()] == ["lr"]


def test_experiments_hold_only_what_differs():
    experiments = sorted(Path(APP_DIR, "experiment").glob("*.yaml"))
    assert len(experiments) >= 5
    for path in experiments:
        lines = [line for line in path.read_text().splitlines() if line.strip()]
        assert lines[0] == "# @package _global_"
        assert len(lines) <= 20


@pytest.mark.parametrize("path", EVERY_FILE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_file_chooses_an_option_with_a_folder(path):
    """Hydra 1.4 reads the folder as a part of the group's name, 1.3 does not."""
    entries = yaml.safe_load(path.read_text(encoding="utf-8")).get("defaults", [])
    chosen = [option for entry in entries if isinstance(entry, dict) for option in entry.values()]
    assert [option for option in chosen if "/" in option] == []

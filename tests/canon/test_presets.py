"""Every preset of a system or a model gives what its source gives, step for step."""

import math
import re

import pytest
from omegaconf import OmegaConf
from torch.optim import lr_scheduler

from canon import page
from canon.cases import PRESETS, Case, ran
from canon.compare import batches_that_differ, greatest_difference, schedule_of
from d9d_lr.composing.paths import SCHEDULES_DIR

FOLDERS = ("systems", "models")
FILES = sorted(file for folder in FOLDERS for file in (SCHEDULES_DIR / "lr" / folder).glob("*.yaml"))


def name_of(file):
    return f"{file.parent.name}/{file.stem}"


def test_every_preset_has_its_cases():
    assert [name_of(file) for file in FILES] == sorted(PRESETS)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_is_its_source_step_for_step(name):
    preset = PRESETS[name]
    for case in preset.cases:
        assert greatest_difference(name, case) <= preset.tolerance, case


RAMPS = [name for name, preset in PRESETS.items() if preset.batch is not None]


def test_those_with_a_ramp_are_compared_with_theirs():
    assert [name for name in PRESETS if "\nbatch_size:" in (SCHEDULES_DIR / "lr" / f"{name}.yaml").read_text()] == RAMPS


@pytest.mark.parametrize("name", RAMPS)
def test_the_batches_of_a_preset_are_those_of_its_source(name):
    assert batches_that_differ(name) == []


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_a_preset_says_its_source_its_boundary_and_what_is_contested(file):
    comments = [line for line in file.read_text().splitlines() if line.startswith("#")]
    assert len(comments) == 4
    for comment, start in zip(comments, ("Schedule: ", "Source: ", "Boundary: ", "Contested: "), strict=True):
        assert comment.startswith(f"# {start}")


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_the_scalars_of_a_preset_are_those_that_its_phases_read(file):
    content = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    read = set(re.findall(r"\$\{\.+(\w+)(?:\[\d+\])?\}", str(content)))
    assert read == set(content.get("scalars", []))
    assert read <= set(content)


@pytest.mark.parametrize("total_steps", [97, 101, 333, 1000])
@pytest.mark.parametrize("pct_start", [0.123456, 0.25, 0.3, 1 / 3, 0.4567, 0.618])
def test_a_peak_of_one_cycle_between_two_steps_is_as_far_off_as_its_file_says(total_steps, pct_start):
    """A cosine is nowhere steeper than pi / 2 of its height over its length, and the peak moves by less than a step."""
    peak = math.floor(pct_start * total_steps) - 1
    theirs = ran(lr_scheduler.OneCycleLR, total_steps, max_lr=1.0, total_steps=total_steps, pct_start=pct_start)
    ours = schedule_of("systems/torch_one_cycle", Case(total_steps, theirs.expected, (f"lr.peak_step={peak}",)))
    difference = max(abs(ours.multiplier(step) - theirs.expected(step)) for step in range(total_steps))
    assert difference <= math.pi / 2 * (1 / peak + 1 / (total_steps - 1 - peak))
    assert (difference > 1e-9) == (pct_start * total_steps % 1 > 1e-9)


def test_the_page_of_presets_is_current():
    assert page.page() == (page.DOCS / "presets.md").read_text(), "run: make docs-presets"
    for family in FOLDERS:
        assert (page.DOCS / f"presets_{family}.png").exists()

"""docs/seeing.md: its commands make the files that it shows, and the numbers in them are those of the schedules."""

import re
import shlex
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from d9d_lr import plot
from d9d_lr.composing.paths import SWEEPS_DIR
from d9d_lr.plotting.series import compose_series


@pytest.fixture
def page(repo):
    return (repo / "docs" / "seeing.md").read_text(encoding="utf-8")


def drawing_commands(page):
    lines = re.findall(r"^python -m d9d_lr\.plot (.*)$", page, flags=re.M)
    return {words[-1]: words for words in map(shlex.split, lines) if "--out" in words}


def test_every_picture_is_made_by_a_command_beside_it(page, repo):
    shown = re.findall(r"!\[[^]]*]\(([^)]*)\)", page)
    assert {f"docs/{name}" for name in shown} == set(drawing_commands(page))
    assert all((repo / "docs" / name).exists() for name in shown)


def test_the_commands_write_files_that_open(page, in_tmp):
    for file, words in drawing_commands(page).items():
        plot.plot(words)
        if file.endswith(".png"):
            with Image.open(in_tmp / file) as image:
                image.verify()
        else:
            assert ET.parse(in_tmp / file).getroot().tag.endswith("svg")


def test_the_lines_in_the_svg_are_the_schedules(page, in_tmp):
    (words,) = (words for file, words in drawing_commands(page).items() if file.endswith(".svg"))
    plot.plot(words)
    series = compose_series(words[: words.index("--out")])
    lines = svg_lines(in_tmp / words[-1])[: len(series)]
    # One scale for all: pixels are an affine function of step and learning rate, fixed by the first line alone.
    corners = [0, 50, 800, 1000]
    first = series[0].base_lr * series[0].schedule.multipliers(corners)
    to_lr = np.polyfit([at_step(lines[0], step, 1000) for step in corners], first, 1)
    for one, line in zip(series, lines, strict=True):
        for phase in one.schedule.phases:
            drawn = np.polyval(to_lr, at_step(line, phase.end_step, 1000))
            assert drawn == pytest.approx(one.base_lr * one.schedule.multiplier(phase.end_step), abs=2e-6)


def svg_lines(path):
    """The long polylines of a figure: arrays of x and y."""
    found = []
    for element in ET.parse(path).iter("{http://www.w3.org/2000/svg}path"):
        numbers = [float(number) for number in re.findall(r"-?\d+\.?\d*", element.get("d", ""))]
        moves = set(re.findall(r"[A-Za-z]", element.get("d", "")))
        if moves == {"M", "L"} and "clip-path" in element.attrib and len(numbers) > 6:
            found.append(np.array(numbers).reshape(-1, 2))
    return found


def at_step(line, step, last_step):
    """The height of a line at a step."""
    x = line[0, 0] + (line[-1, 0] - line[0, 0]) * step / last_step
    return np.interp(x, line[:, 0], line[:, 1])


def test_the_sweep_file_that_is_named_can_be_drawn(page):
    (name,) = re.findall(r"-cd sweeps -cn (\w+)", page)
    assert len(compose_series(["train.seed=0"], config_dir=SWEEPS_DIR, config_name=name)) > 1

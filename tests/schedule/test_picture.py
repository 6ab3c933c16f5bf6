"""Drawings for a notebook: the numbers in the SVG are those of the schedule."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from d9d_lr import AutoLRSchedulerProvider, CurveLinear, build_schedule, compose_lr, piecewise_schedule


@pytest.fixture
def schedule():
    # wsd over 1000 steps: up to 100, level to 800, down to a tenth at 1000
    return build_schedule(compose_lr(["lr=wsd"], 1000), 1000)


def points(svg):
    (line,) = (path.get("d") for path in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}path")
               if path.get("stroke") == "#0072b2")  # fmt: skip
    return np.array(re.findall(r"-?\d+\.\d+", line), dtype=float).reshape(-1, 2)


def test_the_line_is_the_schedule(schedule):
    drawn = points(schedule.plot().svg)
    # 62 to 548 pixels across are steps 0 to 1000; 12 to 156 down are multipliers 1 to 0
    steps = (drawn[:, 0] - 62) / 486 * 1000
    values = 1 - (drawn[:, 1] - 12) / 144
    assert np.interp([100, 800, 1000], steps, values) == pytest.approx([1.0, 1.0, 0.1], abs=0.003)
    assert values[0] == pytest.approx(0.0, abs=0.001)


def test_a_base_learning_rate_gives_the_axis_its_numbers(schedule):
    assert ">0.003<" in schedule.plot(base_lr=0.003).svg
    assert ">1<" in schedule.plot().svg


def test_it_is_saved(schedule, tmp_path):
    schedule.plot().save(tmp_path / "a.svg")
    assert ET.parse(tmp_path / "a.svg").getroot().tag.endswith("svg")


def test_a_notebook_shows_schedule_config_provider_and_scheduler(schedule):
    import torch

    from d9d_lr import DistributedContext, InitializeLRSchedulerContext

    config = compose_lr(["lr=wsd"])
    provider = AutoLRSchedulerProvider(config)
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    scheduler = provider(
        InitializeLRSchedulerContext(dist_context=DistributedContext(), total_steps=1000, optimizer=optimizer)
    )
    for shown, title in (
        (schedule, "Schedule of 1000 steps"),
        (config, "PiecewiseConfig, drawn for a run of 1000 steps"),
        (provider, "AutoLRSchedulerProvider, drawn for a run of 1000 steps"),
        (scheduler, "PiecewiseLR at step 0, learning rate 0"),
    ):
        html = shown._repr_html_()
        assert title in html
        assert "<svg" in html
        assert "steps 0 to 100: 0 to 1, linear" in html
    assert repr(scheduler).startswith("PiecewiseLR(step 0, learning rates [0]; steps 0 to 100: 0 to 1, linear;")
    assert repr(schedule).startswith("Schedule(1000 steps; steps 0 to 100: 0 to 1, linear; steps 100 to 800")
    assert repr(provider).startswith("AutoLRSchedulerProvider(PiecewiseConfig(")
    assert repr(config.scheduler).startswith(
        "PiecewiseSchedulerConfig(initial_multiplier=0.0, phases=[{'mode': 'steps', 'steps': 100, "
    )
    assert "<svg" in config.scheduler._repr_html_()
    started = piecewise_schedule(0.0, 100).for_steps(10, 1.0, CurveLinear())
    phase = "PhaseSteps(target_multiplier=1.0, curve=CurveLinear(type='linear'), steps=10)"
    assert repr(started) == f"PiecewiseScheduleBuilder(0.0, 100, {phase})"

"""`visualize_lr_scheduler`: what any torch scheduler sets, step by step."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from torch.optim.lr_scheduler import CosineAnnealingLR, LinearLR, SequentialLR, StepLR

import d9d_lr
from d9d_lr import ConfigError, CurveLinear, piecewise_schedule, visualize_lr_scheduler


def drawn(figure):
    (line,) = figure.axes[0].lines
    return line.get_xdata().tolist(), line.get_ydata().tolist()


def test_a_schedule_of_ours_is_drawn_as_the_reference_values():
    def factory(optimizer):
        builder = piecewise_schedule(0.0, total_steps=10).for_steps(2, 1.0, CurveLinear())
        return builder.until_percentage(0.5, 0.1, CurveLinear()).fill_rest(0.01, CurveLinear()).build(optimizer)

    steps, rates = drawn(visualize_lr_scheduler(factory, 12, 0.1))
    assert steps == list(range(12))
    expected = [0, 0.05, 0.1, 0.07, 0.04, 0.01, 0.0082, 0.0064, 0.0046, 0.0028, 0.001, 0.001]
    assert rates == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(
    ("factory", "expected"),
    [
        (lambda optimizer: StepLR(optimizer, 2, 0.5), [1.0, 1.0, 0.5, 0.5, 0.25]),
        (lambda optimizer: CosineAnnealingLR(optimizer, 4), [1.0, (1 + np.sqrt(0.5)) / 2, 0.5, None, 0.0]),
        (
            lambda optimizer: SequentialLR(
                optimizer, [LinearLR(optimizer, 0.5, 1.0, 2), StepLR(optimizer, 1, 0.1)], [2]
            ),
            [0.5, 0.75, 1.0, 0.1, 0.01],
        ),
    ],
)
def test_any_torch_scheduler_is_drawn(factory, expected):
    _, rates = drawn(visualize_lr_scheduler(factory, 5, 1.0))
    for rate, wanted in zip(rates, expected, strict=True):
        assert wanted is None or rate == pytest.approx(wanted, abs=1e-12)


def test_the_file_is_written(tmp_path):
    visualize_lr_scheduler(lambda optimizer: StepLR(optimizer, 1), 3, 0.1, out=tmp_path / "steps.png")
    with Image.open(tmp_path / "steps.png") as image:
        image.verify()


def test_wrong_arguments_are_reported(tmp_path):
    with pytest.raises(ConfigError, match="num_steps: 0 is not allowed; it must be at least 1"):
        visualize_lr_scheduler(lambda optimizer: StepLR(optimizer, 1), 0, 0.1)
    with pytest.raises(ConfigError, match="init_lr: nan is not allowed; it must be a finite number"):
        visualize_lr_scheduler(lambda optimizer: StepLR(optimizer, 1), 3, float("nan"))
    with pytest.raises(ConfigError, match=r"must end in \.png, \.svg or \.pdf"):
        visualize_lr_scheduler(lambda optimizer: StepLR(optimizer, 1), 3, 0.1, out=tmp_path / "steps.gif")


def test_it_is_exported_without_importing_torch():
    assert "visualize_lr_scheduler" in d9d_lr.__all__
    code = "import sys; from d9d_lr import visualize_lr_scheduler; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def test_schedules_configs_providers_and_schedulers_are_drawn_too():
    from d9d_lr import AutoLRSchedulerProvider, build_schedule, compose_lr
    from d9d_lr.provider.torch_scheduler import PiecewiseLR

    config = compose_lr(["lr=wsd"], 1000)
    schedule = build_schedule(config, 1000)
    scheduler = PiecewiseLR(torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5), schedule)
    for one in (schedule, config, AutoLRSchedulerProvider(config), scheduler):
        steps, rates = visualize_lr_scheduler(one, init_lr=0.5).axes[0].lines[0].get_data()
        assert len(steps) == 1000
        assert list(rates) == [0.5 * schedule.multiplier(step) for step in range(1000)]


def test_what_cannot_be_drawn_says_what_to_pass():
    with pytest.raises(ConfigError, match=r"pass what builds it, as in lambda optimizer: StepLR\(optimizer, 30\)"):
        visualize_lr_scheduler(object())

"""accelerate: accumulation, several processes, killed and resumed; and the trap of `prepare`."""

import warnings

import pytest
import torch
from torch import nn
from torch.optim import SGD

pytestmark = pytest.mark.homes
accelerate = pytest.importorskip("accelerate")

from accelerate import Accelerator  # noqa: E402
from accelerate.state import AcceleratorState, GradientState, PartialState  # noqa: E402

from d9d_lr import AutoLRSchedulerProvider, ConfigError, compose_lr  # noqa: E402
from d9d_lr.integrations.accelerate import prepare_scheduler  # noqa: E402
from d9d_lr.integrations.building import build_scheduler  # noqa: E402
from d9d_lr.provider.guard import MisstepWarning  # noqa: E402

OVERRIDES = ["lr=wsd", "lr/decay@lr.phases.2=cosine"]


@pytest.fixture(autouse=True)
def _no_state_of_accelerate():
    yield
    for state in (AcceleratorState, PartialState, GradientState):
        state._reset_state() if hasattr(state, "_reset_state") else state._shared_state.clear()


def parts(prepare, accumulation=1, total_steps=1000, **choices):
    accelerator = Accelerator(cpu=True, gradient_accumulation_steps=accumulation)
    model = nn.Linear(1, 1)
    optimizer = SGD(model.parameters(), lr=0.1)
    lrs = []
    optimizer.register_step_pre_hook(lambda optimizer, *_: lrs.append(optimizer.param_groups[0]["lr"]))
    model, optimizer = accelerator.prepare(model, optimizer)
    provider = AutoLRSchedulerProvider(compose_lr(OVERRIDES), **choices)
    scheduler = prepare(accelerator, build_scheduler(provider, optimizer, total_steps))
    return accelerator, model, optimizer, scheduler, lrs


def train(accelerator, model, optimizer, scheduler, batches):
    for _ in range(batches):
        with accelerator.accumulate(model):
            accelerator.backward(model(torch.ones(2, 1)).square().mean())
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()


def trained(accumulation=1, steps=1000, prepare="ours"):
    accelerator, model, optimizer, scheduler, lrs = parts(
        prepare_scheduler if prepare == "ours" else (lambda accelerator, scheduler: accelerator.prepare(scheduler)),
        accumulation,
    )
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        train(accelerator, model, optimizer, scheduler, steps * accumulation)
    return lrs, [str(each.message) for each in told if issubclass(each.category, MisstepWarning)]


@pytest.mark.parametrize("accumulation", [1, 4])
def test_one_process(accumulation, expected):
    lrs, told = trained(accumulation)
    assert lrs == expected(0.1)
    assert told == []


@pytest.mark.parametrize("accumulation", [1, 4])
def test_two_processes(accumulation, launch, port, expected):
    for lrs, told in launch(trained, 2, accumulation, port):
        assert lrs == expected(0.1)
        assert told == []


def test_accelerates_own_prepare_is_reported_in_the_main_process(launch, port, expected):
    (lrs, told), (_, silent) = launch(trained, 2, 1, 10, "theirs", port)
    assert lrs != expected(0.1, 10)
    assert len(told) == 1
    assert "stepped 2 times for each optimizer step, so its 1000 steps end after 500" in told[0]
    assert silent == []


def test_killed_and_resumed(tmp_path, expected):
    accelerator, model, optimizer, scheduler, before = parts(prepare_scheduler)
    train(accelerator, model, optimizer, scheduler, 850)
    accelerator.save_state(tmp_path)
    accelerator, model, optimizer, scheduler, after = parts(prepare_scheduler)
    accelerator.load_state(tmp_path)
    train(accelerator, model, optimizer, scheduler, 150)
    assert before + after == expected(0.1)


def in_one_of_two_killed_and_resumed(folder):
    accelerator, model, optimizer, scheduler, before = parts(prepare_scheduler, 4)
    train(accelerator, model, optimizer, scheduler, 4 * 850)
    accelerator.save_state(folder)
    accelerator, model, optimizer, scheduler, after = parts(prepare_scheduler, 4)
    accelerator.load_state(folder)
    train(accelerator, model, optimizer, scheduler, 4 * 150)
    return before + after


def test_two_processes_with_accumulation_killed_and_resumed(launch, port, tmp_path, expected):
    assert launch(in_one_of_two_killed_and_resumed, 2, str(tmp_path), port) == [expected(0.1)] * 2


def test_resumed_for_longer(tmp_path, expected):
    accelerator, model, optimizer, scheduler, _ = parts(prepare_scheduler)
    train(accelerator, model, optimizer, scheduler, 850)
    accelerator.save_state(tmp_path)
    accelerator, *_ = parts(prepare_scheduler, total_steps=1500)
    with pytest.raises(ConfigError, match=r"phase 1: steps 100 to 800, linear to 1\.0 -> steps 100 to 1200"):
        accelerator.load_state(tmp_path)
    accelerator, model, optimizer, scheduler, lrs = parts(
        prepare_scheduler, total_steps=1500, on_schedule_change="adopt"
    )
    accelerator.load_state(tmp_path)
    train(accelerator, model, optimizer, scheduler, 650)
    assert lrs == expected(0.1, 1500, 1500)[850:]

"""Composer: batches and epochs, accumulation, several processes, checkpoints; the lag of its functions, its default."""

import os
import warnings

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("composer")

from composer import Callback, Trainer  # noqa: E402
from composer.models import ComposerModel  # noqa: E402
from composer.utils import dist  # noqa: E402

from d9d_lr import AutoLRSchedulerProvider, ConfigError, build_schedule, compose_lr  # noqa: E402
from d9d_lr.integrations.building import build_scheduler  # noqa: E402
from d9d_lr.integrations.composer import composer_schedule  # noqa: E402
from d9d_lr.provider.guard import MisstepWarning  # noqa: E402

LR = 0.1


def config():
    return compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"])


class Line(ComposerModel):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(1, 1)

    def forward(self, batch):
        return self.line(batch[0])

    def loss(self, outputs, batch):
        return outputs.square().mean()


class Lrs(Callback):
    """The learning rate of each batch. (Loading makes a step of its own, with 0 and no gradients.)"""

    def __init__(self):
        self.seen = []

    def batch_start(self, state, logger):
        self.seen.append(state.optimizers[0].param_groups[0]["lr"])


class StopAt(Callback):
    def __init__(self, batch):
        self.batch = batch

    def batch_end(self, state, logger):
        if state.timestamp.batch.value == self.batch:
            state.stop_training()


def trainer(schedulers, batches=100, processes=1, accumulation=1, max_duration="1000ba", callbacks=(), **choices):
    """A trainer, and the learning rates of its batches; `schedulers` is made of the optimizer."""
    lrs, model = Lrs(), Line()
    optimizer = torch.optim.SGD(model.parameters(), lr=LR)
    data = TensorDataset(torch.ones(4 * batches * processes, 1))
    sampler = dist.get_sampler(data) if processes > 1 else None
    made = Trainer(
        model=model, optimizers=optimizer, schedulers=schedulers(optimizer), max_duration=max_duration,
        train_dataloader=DataLoader(data, batch_size=4, sampler=sampler), progress_bar=False, loggers=[], device="cpu",
        callbacks=[lrs, *callbacks], device_train_microbatch_size=4 // accumulation, **choices,
    )  # fmt: skip
    return made, lrs.seen


def function(optimizer):
    return composer_schedule(config())


def scheduler(optimizer):
    return build_scheduler(AutoLRSchedulerProvider(config(), on_misstep="error"), optimizer, 1000)


def warning_scheduler(optimizer):
    return build_scheduler(config(), optimizer, 1000)


def trained(schedulers, **choices):
    made, lrs = trainer(schedulers, **choices)
    made.fit()
    made.close()
    return lrs


@pytest.mark.parametrize("accumulation", [1, 4])
def test_one_process(accumulation, expected):
    assert trained(function, accumulation=accumulation) == expected(LR)


def test_epochs(expected):
    assert trained(function, max_duration="5ep", batches=50) == expected(LR, 250, 250)


def test_a_schedule_of_half_the_length(expected):
    lrs = trained(function, max_duration="1000ba", scale_schedule_ratio=0.5)
    # The run is 500 batches long, and batch t has m(2 t) of the schedule of 1 000.
    assert lrs == expected(LR)[::2]


def test_a_scheduler_that_is_stepped_at_every_batch(expected):
    assert trained(scheduler, step_schedulers_every_batch=True) == expected(LR)


def in_one_of_two(accumulation, folder):
    """Trains to batch 850, and in a second trainer to the end."""
    os.environ |= {"LOCAL_WORLD_SIZE": "2", "NODE_RANK": "0"}
    dist.initialize_dist("cpu", timeout=100)
    saving = {"save_folder": folder, "save_interval": "850ba", "save_overwrite": True}
    both = {"processes": 2, "accumulation": accumulation}
    made, before = trainer(function, callbacks=[StopAt(850)], **saving, **both)
    made.fit()
    made.close()
    return before + trained(function, load_path=f"{folder}/ep8-ba850-rank0.pt", **both)


@pytest.mark.parametrize("accumulation", [1, 4])
def test_two_processes_killed_and_resumed(accumulation, launch, port, tmp_path, expected):
    for lrs in launch(in_one_of_two, 2, accumulation, str(tmp_path), port):
        assert lrs == expected(LR)


@pytest.mark.parametrize("kind", ["function", "scheduler"])
def test_killed_and_resumed(kind, tmp_path, expected):
    each = {"function": (function, {}), "scheduler": (scheduler, {"step_schedulers_every_batch": True})}
    schedulers, choices = each[kind]
    made, before = trainer(
        schedulers, callbacks=[StopAt(850)], save_folder=str(tmp_path), save_interval="850ba", **choices
    )
    made.fit()
    made.close()
    after = trained(schedulers, load_path=str(tmp_path / "ep8-ba850-rank0.pt"), **choices)
    assert before + after == expected(LR)


def test_a_scheduler_goes_on_for_longer(tmp_path, expected):
    every = {"step_schedulers_every_batch": True, "max_duration": "1500ba"}
    made, _ = trainer(
        scheduler, callbacks=[StopAt(850)], save_folder=str(tmp_path), save_interval="850ba",
        step_schedulers_every_batch=True,
    )  # fmt: skip
    made.fit()
    made.close()
    saved = str(tmp_path / "ep8-ba850-rank0.pt")
    with pytest.raises(ConfigError, match=r'phase 1: .*(.|\n)*on_schedule_change="adopt" takes the new one'):
        trainer(lambda optimizer: build_scheduler(config(), optimizer, 1500), load_path=saved, **every)
    adopting = AutoLRSchedulerProvider(config(), on_schedule_change="adopt")
    lrs = trained(lambda optimizer: build_scheduler(adopting, optimizer, 1500), load_path=saved, **every)
    assert lrs == expected(LR, 1500, 1500)[850:]


# --- traps ---


def test_a_function_of_the_timestamp_alone_lags_behind_by_one(expected):
    schedule = build_schedule(config(), 1000)
    lrs = trained(lambda _: lambda state: schedule.multiplier(state.timestamp.batch.value))
    assert lrs == [*expected(LR)[:1], *expected(LR)[:-1]]


@pytest.mark.parametrize("batches", [3, 10, 100])
def test_composers_default_of_once_per_epoch_is_reported_within_ten_batches(batches):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        trained(warning_scheduler, batches=batches, max_duration="10ba")
    missteps = [str(each.message) for each in told if issubclass(each.category, MisstepWarning)]
    assert len(missteps) == 1
    assert "(not once per epoch)" in missteps[0]


def test_a_run_whose_batches_are_not_known_is_refused():
    with pytest.raises(ConfigError, match=r"max_duration: .*whose batches are not known"):
        trained(function, max_duration="100tok")

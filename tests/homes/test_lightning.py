"""Lightning: accumulation, several processes, checkpoints; the traps of its default interval and of unknown lengths."""

import warnings

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, IterableDataset, TensorDataset

pytestmark = pytest.mark.homes
pytest.importorskip("lightning")

import lightning.pytorch as pl  # noqa: E402

from d9d_lr import AutoLRSchedulerProvider, ConfigError, compose_lr  # noqa: E402
from d9d_lr.integrations.building import build_scheduler  # noqa: E402
from d9d_lr.integrations.lightning import optimizers_with_schedule  # noqa: E402
from d9d_lr.provider.guard import MisstepWarning  # noqa: E402

warnings.filterwarnings("ignore")
pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
LR = 0.003


def config():
    return compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"])


class Line(pl.LightningModule):
    def __init__(self, schedule):
        super().__init__()
        self.save_hyperparameters()
        self.line, self.lrs = nn.Linear(1, 1), []

    def training_step(self, batch, index):
        return self.line(batch[0]).square().mean()

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=LR)
        optimizer.register_step_pre_hook(lambda optimizer, *_: self.lrs.append(optimizer.param_groups[0]["lr"]))
        return optimizers_with_schedule(self.trainer, optimizer, self.hparams.schedule)


def points(count=100):
    return DataLoader(TensorDataset(torch.ones(count, 1)), batch_size=1)


def trainer(folder, **choices):
    quiet = {"logger": False, "enable_progress_bar": False, "enable_model_summary": False, "accelerator": "cpu"}
    few = {"enable_checkpointing": False, "devices": 1, "max_steps": 1000}
    return pl.Trainer(default_root_dir=str(folder), **(quiet | few | choices))


def trained(folder, schedule=None, data=None, resume=None, **choices):
    module, made = Line(schedule or config()), trainer(folder, **choices)
    made.fit(module, points() if data is None else data, ckpt_path=resume)
    return module, made


@pytest.mark.parametrize("accumulation", [1, 4])
def test_one_process(accumulation, tmp_path, expected):
    module, _ = trained(tmp_path, accumulate_grad_batches=accumulation)
    assert module.lrs == expected(LR)


def test_epochs(tmp_path, expected):
    module, _ = trained(tmp_path, max_steps=-1, max_epochs=5, accumulate_grad_batches=2)
    assert module.lrs == expected(LR, 250, 250)  # 100 batches, 2 of them for a step, 5 epochs


def in_one_of_two(folder, accumulation):
    module, _ = trained(folder, devices=2, strategy="ddp", accumulate_grad_batches=accumulation)
    return module.lrs


@pytest.mark.parametrize("accumulation", [1, 4])
def test_two_processes(accumulation, launch, port, tmp_path, expected):
    for lrs in launch(in_one_of_two, 2, str(tmp_path), accumulation, port):
        assert lrs == expected(LR)


def test_killed_and_resumed(tmp_path, expected):
    first, made = trained(tmp_path, max_steps=1000, max_epochs=-1, callbacks=[StopAt(850)])
    made.save_checkpoint(tmp_path / "saved.ckpt")
    second, _ = trained(tmp_path, max_epochs=-1, resume=tmp_path / "saved.ckpt")
    assert first.lrs + second.lrs == expected(LR)


class StopAt(pl.Callback):
    def __init__(self, step):
        self.step = step

    def on_train_batch_end(self, trainer, *_):
        trainer.should_stop = trainer.global_step >= self.step


def test_resumed_for_more_epochs(tmp_path, expected):
    _, made = trained(tmp_path, max_steps=-1, max_epochs=2, data=points(150))
    made.save_checkpoint(tmp_path / "saved.ckpt")
    more = {"max_steps": -1, "max_epochs": 3, "data": points(150), "resume": tmp_path / "saved.ckpt"}
    with pytest.raises(ConfigError, match=r'phase 1: .*(.|\n)*on_schedule_change="adopt" takes the new one'):
        trained(tmp_path, **more)
    module, _ = trained(tmp_path, AutoLRSchedulerProvider(config(), on_schedule_change="adopt"), **more)
    assert module.lrs == expected(LR, 450, 450)[300:]


def test_a_config_among_the_hyperparameters_loads_safely(tmp_path):
    _, made = trained(tmp_path, callbacks=[StopAt(3)])
    made.save_checkpoint(tmp_path / "saved.ckpt")
    assert torch.load(tmp_path / "saved.ckpt", weights_only=True)["hyper_parameters"]["schedule"] == config()
    assert Line.load_from_checkpoint(tmp_path / "saved.ckpt", weights_only=True).hparams.schedule == config()


# --- traps ---


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield torch.ones(1)


@pytest.mark.parametrize(
    ("choices", "data", "found"),
    [
        ({"max_steps": -1, "max_epochs": -1}, None, "inf"),
        ({"max_steps": -1, "max_epochs": 2}, DataLoader(Endless()), "-1"),
    ],
)
def test_a_run_of_unknown_length_is_refused(choices, data, found, tmp_path):
    with pytest.raises(ConfigError, match=f"max_steps: the trainer expects {found} steps; a schedule must know"):
        trained(tmp_path, data=data, **choices)


class ByDefault(Line):
    """A scheduler as Lightning takes one that it is told nothing more about."""

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=LR)
        optimizer.register_step_pre_hook(lambda optimizer, *_: self.lrs.append(optimizer.param_groups[0]["lr"]))
        return [optimizer], [build_scheduler(config(), optimizer, 1000)]


@pytest.mark.parametrize(
    ("batches", "told"),
    [
        (100, "the optimizer made 10 steps and the scheduler none"),
        (10, "the optimizer made 10 steps and the scheduler none"),
        (9, "the optimizer makes 9 steps for each of the scheduler"),
        (5, "the optimizer makes 5 steps for each of the scheduler"),
        (2, "the optimizer makes 2 steps for each of the scheduler"),
    ],
)
def test_lightnings_default_interval_is_reported_within_ten_steps(batches, told, tmp_path, expected):
    module = ByDefault(config())
    with pytest.warns(MisstepWarning, match=told):
        trainer(tmp_path, max_steps=10).fit(module, points(batches))
    assert module.lrs != expected(LR, 10)


def in_one_of_two_killed_and_resumed(folder, accumulation):
    first, made = trained(folder, **two(accumulation), max_steps=1000, max_epochs=-1, callbacks=[StopAt(850)])
    made.save_checkpoint(f"{folder}/saved.ckpt")
    second, _ = trained(folder, **two(accumulation), max_epochs=-1, resume=f"{folder}/saved.ckpt")
    return first.lrs + second.lrs


def two(accumulation):
    return {"devices": 2, "strategy": "ddp", "accumulate_grad_batches": accumulation}


def test_two_processes_with_accumulation_killed_and_resumed(launch, port, tmp_path, expected):
    for lrs in launch(in_one_of_two_killed_and_resumed, 2, str(tmp_path), 4, port):
        assert lrs == expected(LR)

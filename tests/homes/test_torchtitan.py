"""torchtitan: its containers of optimizers and schedulers, several optimizers, its way of saving with DCP."""

import contextlib
import json
import time
import warnings
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.optim import SGD, AdamW

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("torchtitan")

warnings.filterwarnings("ignore")  # torchtitan's own imports warn
from torchtitan.components.optimizer import (  # noqa: E402
    LRSchedulersContainer,
    OptimizersContainer,
    default_adamw,
)
from torchtitan.trainer import Trainer  # noqa: E402

from d9d_lr import ConfigError, compose_lr  # noqa: E402
from d9d_lr.integrations.torchtitan import PiecewiseLRSchedulers  # noqa: E402


def config(**others):
    schedule = compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"]).model_dump_json()
    return PiecewiseLRSchedulers.Config(schedule=schedule, **others)


def optimizers():
    """What the container's constructor needs of torchtitan's OptimizersContainer: an iterable with a length."""
    kinds = [(SGD, 0.1), (AdamW, 0.003)]
    made = []
    for kind, lr in kinds:
        weights = nn.Parameter(torch.ones(1))
        weights.grad = torch.ones(1)
        made.append(kind([weights], lr=lr))
    return made


def train(built, schedulers, steps):
    """The order of torchtitan's train_step; returns the learning rates that each optimizer steps with."""
    seen = []
    for _ in range(steps):
        seen.append([optimizer.param_groups[0]["lr"] for optimizer in built])
        for optimizer in built:
            optimizer.step()
        schedulers.step()
    return [list(lrs) for lrs in zip(*seen, strict=True)]


def test_every_step_of_each_optimizer(expected):
    built = optimizers()
    schedulers = config().build(optimizers=built, training_steps=1000)
    assert isinstance(schedulers, LRSchedulersContainer)
    assert train(built, schedulers, 1000) == [expected(0.1), expected(0.003)]
    assert schedulers.get_metrics() == pytest.approx({"lr/SGD": 0.01, "lr/AdamW": 0.0003})


def test_total_steps_may_be_others_than_the_trainings(expected):
    built = optimizers()
    schedulers = config(total_steps=500).build(optimizers=built, training_steps=1000)
    assert train(built, schedulers, 500)[0] == expected(0.1, 500, 500)


def save(folder, schedulers):
    dcp.save({"lr_scheduler": schedulers}, checkpoint_id=folder, no_dist=True)


def load(folder, schedulers):
    dcp.load({"lr_scheduler": schedulers}, checkpoint_id=folder, no_dist=True)


def test_killed_and_resumed(tmp_path, expected):
    built = optimizers()
    schedulers = config().build(optimizers=built, training_steps=1000)
    before = train(built, schedulers, 850)
    save(tmp_path, schedulers)
    built = optimizers()
    schedulers = config().build(optimizers=built, training_steps=1000)
    load(tmp_path, schedulers)
    after = train(built, schedulers, 150)
    assert [a + b for a, b in zip(before, after, strict=True)] == [expected(0.1), expected(0.003)]


def test_resumed_for_longer(tmp_path, expected):
    schedulers = config().build(optimizers=optimizers(), training_steps=1000)
    train([s.optimizer for s in schedulers], schedulers, 850)
    save(tmp_path, schedulers)
    with pytest.raises(ConfigError, match=r"lr_scheduler\.schedule: the schedule is not the one"):
        load(tmp_path, config().build(optimizers=optimizers(), training_steps=1500))
    built = optimizers()
    adopted = config(on_schedule_change="adopt").build(optimizers=built, training_steps=1500)
    load(tmp_path, adopted)
    assert train(built, adopted, 650)[0] == expected(0.1, 1500, 1500)[850:]
    built = optimizers()
    kept = config(on_schedule_change="keep").build(optimizers=built, training_steps=1500)
    load(tmp_path, kept)
    assert train(built, kept, 150)[0] == expected(0.1)[850:]


def test_resharded_to_another_number_of_optimizers(tmp_path, expected):
    schedulers = config().build(optimizers=optimizers(), training_steps=1000)
    train([s.optimizer for s in schedulers], schedulers, 850)
    save(tmp_path, schedulers)
    built = optimizers()[:1]
    schedulers = config().build(optimizers=built, training_steps=1000)
    load(tmp_path, schedulers)
    assert train(built, schedulers, 10) == [expected(0.1)[850:860]]


def test_the_config_is_one_of_torchtitans(expected):
    plain = config().to_dict()
    assert json.loads(plain["schedule"])["name"] == "piecewise"


def test_a_schedule_that_is_none_is_refused():
    with pytest.raises(ConfigError, match=r"lr_scheduler\.schedule\.phases: is missing"):
        PiecewiseLRSchedulers.Config(schedule="{}").build(optimizers=optimizers(), training_steps=1000)


# --- its own trainer: `train` and `train_step` are torchtitan's, with its container of optimizers; what needs CUDA
# --- stands in, since its constructor asks for a CUDA device


class Batches:
    def __iter__(self):
        while True:
            yield {"input": torch.ones(1, 1)}, torch.ones(1, 1, dtype=torch.int64)


class Checkpoints:
    """Saves at one step, with DCP and as torchtitan names things, and loads what there is."""

    def __init__(self, trainer, folder, save_at, alone):
        self.states = {"lr_scheduler": trainer.lr_schedulers, "train_state": trainer}
        self.folder, self.save_at, self.alone = folder, save_at, alone

    def save(self, step, last_step):
        if step == self.save_at:
            dcp.save(self.states, checkpoint_id=self.folder, no_dist=self.alone)
            raise KilledError

    def load(self, step):
        if (self.folder / ".metadata").exists():
            dcp.load(self.states, checkpoint_id=self.folder, no_dist=self.alone)

    def maybe_wait_for_staging(self):
        pass


class KilledError(Exception):
    pass


class Quiet(contextlib.nullcontext):
    """A component with nothing to do."""

    def __getattr__(self, name):
        return lambda *_, **__: Quiet(Quiet())


def build_trainer(folder, total_steps=1000, accumulation=1, save_at=None, alone=True, **schedule):
    """A `Trainer` of torchtitan, and the learning rates that its optimizers step with."""
    made = Trainer.__new__(Trainer)
    made.config = SimpleNamespace(
        training=SimpleNamespace(steps=total_steps, max_norm=1.0, disable_cuda_graphs=True),
        checkpoint=SimpleNamespace(load_step=-1), profiler=Quiet(), dump_folder="",
        validator=SimpleNamespace(enable=False), parallelism=SimpleNamespace(spmd_backend="default"),
        comm=SimpleNamespace(train_timeout_seconds=100),
    )  # fmt: skip
    made.device, made.step, made.ntokens_seen = torch.device("cpu"), 0, 0
    made.gradient_accumulation_steps, made.num_pipeline_parallel_microbatches = accumulation, 1
    made.model_parts, made.model_config = [Model()], None
    made.optimizers = OptimizersContainer.Config(
        param_groups=default_adamw(lr=0.003).param_groups, implementation="foreach"
    ).build(model_parts=made.model_parts)
    made.lr_schedulers = config(**schedule).build(optimizers=made.optimizers, training_steps=total_steps)
    made.parallel_dims = SimpleNamespace(
        pp_enabled=False, dp_enabled=False, cp_enabled=False, ep_enabled=False, get_optional_mesh=lambda _: None
    )
    made.metrics_processor = SimpleNamespace(
        should_log=lambda step: False, ntokens_since_last_log=0, data_loading_times=[]
    )
    made.dataloader, made.gc_handler, made.train_context = Batches(), Quiet(), contextlib.nullcontext
    made.loss_fn = lambda prediction, labels, tokens: (prediction.square().sum() / tokens, None)
    made.fwd_bwd_fn = made._forward_backward_body
    made.checkpointer = Checkpoints(made, folder, save_at, alone)
    seen = []
    for optimizer in made.optimizers:
        optimizer.register_step_pre_hook(lambda optimizer, *_: seen.append(optimizer.param_groups[0]["lr"]))
    return made, seen


@pytest.fixture
def trainer(tmp_path, monkeypatch):
    monkeypatch.setattr("torchtitan.distributed.utils.set_pg_timeouts", lambda **_: None)
    monkeypatch.setattr("torch.distributed.get_rank", lambda: 1)  # rank 0 sleeps for two seconds
    return partial(build_trainer, tmp_path)


def in_one_of_two(folder):
    """Trains to step 850, and in a second trainer to the end."""
    import torch.distributed
    import torchtitan.trainer

    torchtitan.trainer.dist_utils.set_pg_timeouts = lambda **_: None
    torchtitan.trainer.time = SimpleNamespace(sleep=lambda _: None, perf_counter=time.perf_counter)
    torch.distributed.init_process_group("gloo")
    made, before = build_trainer(Path(folder), accumulation=4, save_at=850, alone=False)
    with pytest.raises(KilledError):
        made.train()
    made, after = build_trainer(Path(folder), accumulation=4, alone=False)
    made.train()
    torch.distributed.destroy_process_group()
    return before + after


def test_its_trainer_in_two_processes_with_accumulation_killed_and_resumed(launch, port, tmp_path, expected):
    assert launch(in_one_of_two, 2, str(tmp_path), port) == [expected(0.003)] * 2


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.line = nn.Linear(1, 1)

    def forward(self, inputs):
        return self.line(inputs)


@pytest.mark.parametrize("accumulation", [1, 4])
def test_its_trainer(accumulation, trainer, expected):
    made, seen = trainer(accumulation=accumulation)
    made.train()
    assert seen == expected(0.003)


def test_its_trainer_is_killed_and_resumed(trainer, expected):
    made, before = trainer(save_at=850)
    with pytest.raises(KilledError):
        made.train()
    made, after = trainer()
    made.train()
    assert before + after == expected(0.003)


def test_its_trainer_goes_on_for_longer(trainer, expected):
    with pytest.raises(KilledError):
        trainer(save_at=850)[0].train()
    with pytest.raises(ConfigError, match=r"lr_scheduler\.schedule: the schedule is not the one"):
        trainer(total_steps=1500)[0].train()
    made, seen = trainer(total_steps=1500, on_schedule_change="adopt")
    made.train()
    assert seen == expected(0.003, 1500, 1500)[850:]


def test_its_own_container_is_a_step_ahead(expected):
    """The trap: a warmup of 100 steps, which begins at 0, is evaluated at t + 1."""
    built = optimizers()
    own = LRSchedulersContainer.Config(warmup_steps=100, decay_ratio=0.2, decay_type="cosine", min_lr_factor=0.1)
    schedulers = own.build(optimizers=built, training_steps=1000)
    assert train(built, schedulers, 10)[0] == pytest.approx(expected(0.1, 11)[1:])

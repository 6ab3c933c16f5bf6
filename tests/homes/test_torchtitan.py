"""torchtitan: its containers of optimizers and schedulers, several optimizers, its way of saving with DCP."""

import json

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.optim import SGD, AdamW

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("torchtitan")

from torchtitan.components.optimizer import LRSchedulersContainer  # noqa: E402

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

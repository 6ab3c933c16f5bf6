"""The d9d framework: its own provider protocol, a scheduler for each pipeline stage, its checkpoints by DCP."""

import inspect
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.optim import SGD

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("d9d")

from d9d.core.protocol import LRSchedulerProtocol  # noqa: E402
from d9d.loop.auto import AutoLRSchedulerConfig as TheirConfig  # noqa: E402
from d9d.loop.auto import AutoLRSchedulerProvider as TheirProvider  # noqa: E402
from d9d.loop.component import JobSchedule, StateCheckpointer  # noqa: E402
from d9d.loop.component.optimizer_factory import OptimizerFactory  # noqa: E402
from d9d.loop.config import CheckpointingConfig, JobScheduleConfig  # noqa: E402
from d9d.loop.control import InitializeLRSchedulerContext, LRSchedulerProvider  # noqa: E402
from d9d.loop.event import EventBus  # noqa: E402
from d9d.loop.event.catalogue.train import EVENT_TRAIN_STEP_PRE  # noqa: E402
from d9d.loop.run.train import Trainer  # noqa: E402
from d9d.loop.state import TrainJobState  # noqa: E402
from d9d.pipelining.training.scheduler import PipelinedLRScheduler  # noqa: E402
from pydantic import TypeAdapter  # noqa: E402

from d9d_lr import AutoLRSchedulerProvider, ConfigError, compose_lr  # noqa: E402

HERE = SimpleNamespace(is_main_process=True, mesh_params=SimpleNamespace(is_distributed=False))


def config():
    return compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"])


def their_config():
    """What d9d itself makes of our JSON."""
    return TypeAdapter(TheirConfig).validate_json(config().model_dump_json())


def built(provider, stages=2, total_steps=1000):
    """What d9d's trainer builds: an optimizer and a scheduler for each stage, stepped together."""

    def optimizer(context):
        return SGD(context.model.parameters(), lr=0.1)

    factory = OptimizerFactory(
        dist_context=HERE,
        tracked_modules=SimpleNamespace(modules=[nn.Linear(1, 1) for _ in range(stages)]),
        optimizer_provider=optimizer,
        schedule=SimpleNamespace(total_steps=total_steps),
        lr_scheduler_provider=provider,
    )
    return factory.build_optimizer_and_scheduler()


def train(optimizer, scheduler, steps):
    """The order of d9d's loop; returns the learning rates of every stage."""
    stages = [inner.optimizer for inner in scheduler._schedulers]
    seen = []
    for _ in range(steps):
        seen.append([stage.param_groups[0]["lr"] for stage in stages])
        optimizer.step()
        scheduler.step()
    return [list(lrs) for lrs in zip(*seen, strict=True)]


def test_our_provider_is_one_of_theirs():
    assert isinstance(AutoLRSchedulerProvider(config()), LRSchedulerProvider)
    context = InitializeLRSchedulerContext(
        dist_context=HERE, total_steps=1000, optimizer=SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    )
    assert isinstance(AutoLRSchedulerProvider(config())(context), LRSchedulerProtocol)


@pytest.mark.parametrize("source", [config, their_config])
def test_every_step_of_every_stage(source, expected):
    optimizer, scheduler = built(AutoLRSchedulerProvider(source()))
    assert isinstance(scheduler, PipelinedLRScheduler)
    assert train(optimizer, scheduler, 1000) == [expected(0.1)] * 2


def save(folder, scheduler):
    dcp.save({"lr_scheduler": scheduler.state_dict()}, checkpoint_id=folder, no_dist=True)


def load(folder, scheduler):
    """As d9d's job state does: the keys are those of the scheduler that loads."""
    state = {"lr_scheduler": scheduler.state_dict()}
    dcp.load(state, checkpoint_id=folder, no_dist=True)
    scheduler.load_state_dict(state["lr_scheduler"])


def test_killed_and_resumed(tmp_path, expected):
    optimizer, scheduler = built(AutoLRSchedulerProvider(config()))
    before = train(optimizer, scheduler, 850)
    save(tmp_path, scheduler)
    optimizer, scheduler = built(AutoLRSchedulerProvider(config()))
    load(tmp_path, scheduler)
    assert before[0] + train(optimizer, scheduler, 150)[0] == expected(0.1)


def test_resumed_for_longer(tmp_path, expected):
    optimizer, scheduler = built(AutoLRSchedulerProvider(config()))
    train(optimizer, scheduler, 850)
    save(tmp_path, scheduler)
    with pytest.raises(ConfigError, match=r'phase 1: .*(.|\n)*on_schedule_change="adopt" takes the new one'):
        load(tmp_path, built(AutoLRSchedulerProvider(config()), total_steps=1500)[1])
    optimizer, scheduler = built(AutoLRSchedulerProvider(config(), on_schedule_change="adopt"), total_steps=1500)
    load(tmp_path, scheduler)
    assert train(optimizer, scheduler, 650)[0] == expected(0.1, 1500, 1500)[850:]


def test_a_state_of_d9ds_own_scheduler_is_taken_up(expected):
    optimizer, theirs = built(TheirProvider(their_config()))
    before = train(optimizer, theirs, 850)
    optimizer, ours = built(AutoLRSchedulerProvider(config()))
    ours.load_state_dict(theirs.state_dict())
    assert before[0] + train(optimizer, ours, 150)[0] == expected(0.1)


# --- its own trainer: the loop, the factory of optimizers and the checkpoints are d9d's; what needs CUDA stands in ---


class Stream:
    """Data that the model does not need: one pack a step."""

    def __init__(self, total_steps):
        self.total_steps = total_steps

    def __iter__(self):
        while True:
            yield [None]


class Nothing:
    """A component with nothing to do, or to save."""

    def __getattr__(self, name):
        return lambda *_, **__: Nothing()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def state_dict(self):
        return {}

    def load_state_dict(self, state):
        pass


class Stages(Nothing):
    """The modules, whose weights are not saved here."""

    def __init__(self, modules):
        self.modules = modules


class Forward(Nothing):
    """The gradients of a step of `accumulation` micro-batches."""

    def __init__(self, modules, accumulation):
        self.modules, self.accumulation = modules, accumulation

    def forward_backward(self, pack):
        for _ in range(self.accumulation):
            for module in self.modules:
                module(torch.ones(1, 1)).square().sum().backward()


def trainer(folder, total_steps=1000, accumulation=1, stop_at=None, **choices):
    """A d9d `Trainer` with two stages, and the learning rates that their optimizers step with."""
    here = SimpleNamespace(
        is_main_process=True, is_local_main_process=False, mesh_params=HERE.mesh_params, logger=Nothing(),
        wait_world=lambda: None, current_device=torch.device("cpu"),
    )  # fmt: skip
    seen = ([], [])

    def optimizer(context):
        made = SGD(context.model.parameters(), lr=0.1)
        lrs = seen[modules.index(context.model)]
        made.register_step_pre_hook(lambda optimizer, *_: lrs.append(optimizer.param_groups[0]["lr"]))
        return made

    modules = [nn.Linear(1, 1), nn.Linear(1, 1)]
    schedule = JobSchedule(JobScheduleConfig(), Stream(total_steps))
    optimizers, scheduler = OptimizerFactory(
        dist_context=here, tracked_modules=SimpleNamespace(modules=modules), optimizer_provider=optimizer,
        schedule=schedule, lr_scheduler_provider=AutoLRSchedulerProvider(config(), on_misstep="error", **choices),
    ).build_optimizer_and_scheduler()  # fmt: skip
    checkpointer = StateCheckpointer(
        here, schedule, CheckpointingConfig(save_dir=folder, period_steps=stop_at or "disable"), Nothing(), None
    )
    bus = EventBus()
    if stop_at:
        bus.subscribe(EVENT_TRAIN_STEP_PRE, lambda context: stop(context.schedule.current_step == stop_at))
    parts = dict.fromkeys(inspect.signature(TrainJobState).parameters, Nothing())
    state = TrainJobState(**parts | {
        "dist_context": here, "schedule": schedule, "microbatch_pack_stream": Packs(total_steps),
        "checkpointer": checkpointer, "optimizer": optimizers, "lr_scheduler": scheduler, "event_bus": bus,
        "task_operator": Forward(modules, accumulation), "tracked_modules": Stages(modules),
    })  # fmt: skip
    return Trainer(state), seen


class Packs(Stream, Nothing):
    def __iter__(self):
        return (each for each in [[None]] * self.total_steps)


class KilledError(Exception):
    pass


def stop(now):
    if now:
        raise KilledError


@pytest.mark.parametrize("accumulation", [1, 4])
def test_its_trainer(accumulation, tmp_path, expected):
    made, seen = trainer(tmp_path, accumulation=accumulation)
    made.train()
    assert seen == (expected(0.1), expected(0.1))


def test_its_trainer_is_killed_and_resumed(tmp_path, expected):
    made, before = trainer(tmp_path, stop_at=850)
    with pytest.raises(KilledError):
        made.train()
    made, after = trainer(tmp_path)
    made.train()
    assert [a + b for a, b in zip(before, after, strict=True)] == [expected(0.1)] * 2


def test_its_trainer_goes_on_for_longer(tmp_path, expected):
    made, _ = trainer(tmp_path, stop_at=850)
    with pytest.raises(KilledError):
        made.train()
    with pytest.raises(ConfigError, match=r'phase 1: .*(.|\n)*on_schedule_change="adopt" takes the new one'):
        trainer(tmp_path, total_steps=1500)[0].train()
    made, seen = trainer(tmp_path, total_steps=1500, on_schedule_change="adopt")
    made.train()
    assert seen[0] == expected(0.1, 1500, 1500)[850:]


def in_one_of_two(folder):
    """Trains to step 850, and in a second trainer to the end."""
    torch.distributed.init_process_group("gloo")
    made, before = trainer(Path(folder), accumulation=4, stop_at=850)
    with pytest.raises(KilledError):
        made.train()
    made, after = trainer(Path(folder), accumulation=4)
    made.train()
    torch.distributed.destroy_process_group()
    return [a + b for a, b in zip(before, after, strict=True)]


def test_its_trainer_in_two_processes_with_accumulation_killed_and_resumed(launch, port, tmp_path, expected):
    """Each process has the stages that it would have of a replica."""
    assert launch(in_one_of_two, 2, str(tmp_path), port) == [[expected(0.1)] * 2] * 2

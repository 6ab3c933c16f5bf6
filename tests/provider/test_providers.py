"""Providers, their context, the protocols and the fluent builder."""

import copy
import json
import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from pydantic import BaseModel
from torch import nn
from torch.optim import SGD, AdamW
from torch.optim.lr_scheduler import LambdaLR

from d9d_lr import (
    AutoLRSchedulerConfig,
    AutoLRSchedulerProvider,
    ConfigError,
    CurveLinear,
    DistributedContext,
    InitializeLRSchedulerContext,
    LRSchedulerProtocol,
    LRSchedulerProvider,
    PiecewiseLR,
    piecewise_schedule,
)
from d9d_lr.diagnostics.problems import RunError
from helpers.hydra_versions import MAY_CALL

FLAT = """
{
    "initial_multiplier": 0.0,
    "phases": [
        {"mode": "steps", "steps": 100, "target_multiplier": 1.0, "curve": {"type": "linear"}},
        {"mode": "rest", "target_multiplier": 0.1, "curve": {"type": "cosine"}}
    ]
}
"""


def optimizer(lr: float = 0.1) -> SGD:
    return SGD([nn.Parameter(torch.ones(1))], lr=lr)


def context(of: SGD | AdamW, total_steps: int = 1000) -> InitializeLRSchedulerContext:
    return InitializeLRSchedulerContext(dist_context=DistributedContext(), total_steps=total_steps, optimizer=of)


def provider() -> AutoLRSchedulerProvider:
    return AutoLRSchedulerProvider(AutoLRSchedulerConfig.model_validate_json(FLAT))


def test_the_protocols_tell_the_right_things_apart():
    assert isinstance(provider(), LRSchedulerProvider)
    assert isinstance(provider()(context(optimizer())), LRSchedulerProtocol)
    assert isinstance(LambdaLR(optimizer(), lambda _: 1.0), LRSchedulerProtocol)
    assert not isinstance(object(), LRSchedulerProtocol)
    assert not isinstance(object(), LRSchedulerProvider)


def test_one_provider_serves_many_optimizers_independently():
    serve = provider()
    optimizers = [optimizer(0.1), optimizer(0.2), AdamW([nn.Parameter(torch.ones(1))], lr=0.3)]
    schedulers = [serve(context(each)) for each in optimizers]
    assert len(set(map(id, schedulers))) == 3
    for count, (each, scheduler) in enumerate(zip(optimizers, schedulers, strict=True)):
        for _ in range(10 * count):
            each.step()
            scheduler.step()
    # After 0, 10 and 20 of 100 warmup steps: 0.1 * 0, 0.2 * 0.1, 0.3 * 0.2.
    assert [each.param_groups[0]["lr"] for each in optimizers] == pytest.approx([0.0, 0.02, 0.06])


def test_one_provider_serves_runs_of_different_length():
    serve = provider()
    ends = [serve(context(optimizer(), total_steps)).schedule.phases[-1].end_step for total_steps in (200, 300)]
    assert ends == [200, 300]


def test_phases_that_do_not_fit_the_run_are_refused():
    with pytest.raises(ConfigError, match=r"phases\.0\.steps: up to here the phases need 100 steps, total_steps is 99"):
        provider()(context(optimizer(), 99))


# --- what a provider is built on ---

NESTED = {"name": "piecewise", "scheduler": json.loads(FLAT)}
MAPPED = {"initial_multiplier": 0.0, "phases": {"5": json.loads(FLAT)["phases"][1], "0": json.loads(FLAT)["phases"][0]}}


class Foreign(BaseModel):
    """A config object of another package, such as the d9d framework's."""

    name: str = "piecewise"
    scheduler: dict


@pytest.mark.parametrize(
    "config",
    [
        AutoLRSchedulerConfig.model_validate_json(FLAT),
        AutoLRSchedulerConfig.model_validate_json(FLAT).scheduler,
        Foreign.model_validate(NESTED),
        json.loads(FLAT),
        NESTED,
        MAPPED,
        OmegaConf.create(MAPPED),
        OmegaConf.create(NESTED),
        OmegaConf.create({"end": 0.1, "lr": json.loads(FLAT.replace("0.1", '"${end}"'))}).lr,
    ],
    ids=["config", "inner", "foreign", "flat", "nested", "mapped", "DictConfig", "nested DictConfig", "interpolated"],
)
def test_a_provider_takes_a_config_a_mapping_or_a_section(config):
    schedule = AutoLRSchedulerProvider(config)(context(optimizer())).schedule
    assert [schedule.multiplier(step) for step in (0, 50, 100, 1000)] == [0.0, 0.5, 1.0, 0.1]


def test_hydra_instantiates_a_provider():
    config = OmegaConf.create(
        {"lr": MAPPED, "provider": {"_target_": "d9d_lr.AutoLRSchedulerProvider", "config": "${lr}"}}
    )
    assert instantiate(config.provider, **MAY_CALL)(context(optimizer())).schedule.multiplier(50) == 0.5


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"initial_multiplier": 0.0}, "critic_lr.phases: is missing"),
        (MAPPED | {"initial_multiplier": "a"}, "critic_lr.initial_multiplier: 'a' is not"),
        (
            OmegaConf.create({"initial_multiplier": "???"} | {"phases": MAPPED["phases"]}),
            "critic_lr.initial_multiplier: m",
        ),
        ("wsd", "critic_lr: must be a mapping"),
        (None, "critic_lr: must be a mapping"),
    ],
)
def test_a_config_is_validated_at_construction(config, message):
    with pytest.raises(ConfigError, match=message):
        AutoLRSchedulerProvider(config, key="critic_lr")


def test_phases_that_do_not_fit_are_named_as_they_are_typed():
    short = MAPPED | {"phases": MAPPED["phases"] | {"7": MAPPED["phases"]["0"]}}
    with pytest.raises(ConfigError, match=r"critic_lr\.phases\.5\.mode: phase 2 of 3 has mode rest"):
        AutoLRSchedulerProvider(OmegaConf.create(short), key="critic_lr")
    late = {"7": MAPPED["phases"]["0"], "9": MAPPED["phases"]["5"]}
    with pytest.raises(ConfigError, match=r"critic_lr\.phases\.7\.steps: up to here the phases need 100 steps"):
        AutoLRSchedulerProvider(MAPPED | {"phases": late}, key="critic_lr")(context(optimizer(), 99))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"on_schedule_change": "adapt"},
            "'adapt' is not allowed; it must be error, adopt or keep\n    did you mean 'ado",
        ),
        ({"on_misstep": True}, "on_misstep: True is not allowed; it must be warn, error or off"),
    ],
)
def test_other_policies_are_refused(choices, message):
    with pytest.raises(ConfigError, match=message):
        AutoLRSchedulerProvider(NESTED, **choices)


def test_the_policies_reach_the_scheduler():
    saved = provider()(context(optimizer(0.2), 500)).state_dict()
    scheduler = AutoLRSchedulerProvider(NESTED, on_schedule_change="adopt", on_misstep="error")(context(optimizer()))
    scheduler.load_state_dict(saved)
    scheduler.move_to(1000)
    scheduler.optimizer.step()
    with pytest.raises(RunError, match="stepped to step 1001 of a schedule of 1000 steps"):
        scheduler.step()


@pytest.mark.parametrize("total_steps", [62.5, 100.0, float("inf"), -1, 0, True, "100", None, 2**53 + 1])
def test_total_steps_that_are_no_number_of_steps_are_refused(total_steps):
    hint = "it is the number of optimizer steps of the whole run"
    with pytest.raises(
        ConfigError, match=rf"total_steps: .* is not allowed; it must be a whole number from 1 to .*\n *{hint}"
    ):
        context(optimizer(), total_steps)
    assert context(optimizer(), 500).total_steps == 500


def test_the_total_steps_of_another_packages_context_are_checked_too():
    theirs = SimpleNamespace(dist_context=DistributedContext(), total_steps=62.5, optimizer=optimizer())
    with pytest.raises(ConfigError, match=r"total_steps: 62\.5 is not allowed; it must be a whole number"):
        AutoLRSchedulerProvider(NESTED)(theirs)


def test_numpys_whole_numbers_are_whole_numbers():
    assert provider()(context(optimizer(), np.int64(1000))).schedule.multiplier(1000) == 0.1


@pytest.mark.parametrize(
    "what", [AutoLRSchedulerConfig.model_validate_json(FLAT), provider()], ids=["config", "provider"]
)
def test_among_hyperparameters_it_is_read_by_the_safe_loader(what, tmp_path):
    torch.save({"hyper_parameters": {"schedule": what}}, tmp_path / "saved.ckpt")
    read = torch.load(tmp_path / "saved.ckpt", weights_only=True)["hyper_parameters"]["schedule"]
    assert type(read) is type(what)
    assert read == what or read(context(optimizer())).schedule == what(context(optimizer())).schedule


def test_a_copy_of_a_config_is_equal():
    config = AutoLRSchedulerConfig.model_validate_json(FLAT)
    assert pickle.loads(pickle.dumps(config)) == copy.deepcopy(config) == config


def test_the_context_takes_keywords_only():
    with pytest.raises(TypeError, match="positional"):
        InitializeLRSchedulerContext(DistributedContext(), 10, optimizer())


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, (0, 1, 0)),
        ({"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}, (3, 8, 1)),
        ({"RANK": "0", "WORLD_SIZE": "1", "LOCAL_RANK": "0"}, (0, 1, 0)),
    ],
)
def test_torchruns_variables_are_read(environ, expected):
    read = DistributedContext.from_env(environ=environ)
    assert (read.rank, read.world_size, read.local_rank) == expected
    assert read.is_main_process == (expected[0] == 0)
    assert read.device == torch.device("cpu")


def test_a_cuda_device_has_the_local_rank_as_its_index():
    variables = {"RANK": "3", "WORLD_SIZE": "8", "LOCAL_RANK": "1"}
    assert DistributedContext.from_env("cuda", variables).device == torch.device("cuda", 1)


def test_the_environment_is_read_by_default(monkeypatch):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert DistributedContext.from_env().rank == 1


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({"RANK": "2", "WORLD_SIZE": "2"}, r"RANK: 2 is not allowed; it must be from 0 to WORLD_SIZE - 1, 1"),
        ({"RANK": "x"}, r"RANK: 'x' is not allowed; it must be a whole number"),
        ({"WORLD_SIZE": "-1"}, r"WORLD_SIZE: '-1' is not allowed"),
        ({"LOCAL_RANK": "1.5"}, r"LOCAL_RANK: '1\.5' is not allowed"),
    ],
)
def test_variables_that_make_no_sense_are_refused(environ, message):
    with pytest.raises(ConfigError, match=message):
        DistributedContext.from_env(environ=environ)


def test_the_builder_builds_a_scheduler_for_an_optimizer():
    of = optimizer()
    scheduler = piecewise_schedule(0.5, 10).for_steps(5, 1.0, CurveLinear()).fill_rest(0.0, CurveLinear()).build(of)
    assert isinstance(scheduler, PiecewiseLR)
    assert of.param_groups[0]["lr"] == 0.05
    assert [phase.end_step for phase in scheduler.schedule.phases] == [5, 10]


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: piecewise_schedule(0.0).for_steps(0, 1.0, CurveLinear()), "0 is not allowed; it must be a whole"),
        (lambda: piecewise_schedule(0.0).for_steps(True, 1.0, CurveLinear()), "True is not allowed"),
        (lambda: piecewise_schedule(0.0).for_steps(1, float("nan"), CurveLinear()), "target_multiplier: nan"),
        (lambda: piecewise_schedule(float("inf")), "initial_multiplier: inf is not allowed"),
        (lambda: piecewise_schedule(0.0, 9).until_percentage(1.5, 1.0, CurveLinear()), "percentage: 1.5 is not"),
        (lambda: piecewise_schedule(0.0).fill_rest(1.0, CurveLinear()).schedule(), "total_steps: is missing"),
        (lambda: piecewise_schedule(0.0, 9).schedule(), "phases: there are none"),
    ],
)
def test_the_builder_refuses(build, message):
    with pytest.raises(ConfigError, match=message):
        build()

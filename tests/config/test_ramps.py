"""Batch sizes that a learning rate comes with: counted with, kept, told by the key that is typed, and never dropped."""

import pytest
import torch

from d9d_lr import (
    AutoLRSchedulerProvider,
    ConfigError,
    DistributedContext,
    InitializeLRSchedulerContext,
    build_schedule,
    compose_lr,
    resolve_lr,
)

CONSTANT = {"type": "constant"}
# 8 of 16 examples until 160 of them, 20 steps; 1440 in 100 steps
RAMP = {
    "initial_multiplier": 1.0,
    "phases": {
        "0": {"mode": "until", "samples": 160, "target_multiplier": 0.5, "curve": CONSTANT},
        "2": {"mode": "rest", "target_multiplier": 1.0, "curve": CONSTANT},
    },
}


def section(ramp=RAMP, **more):
    phases = [
        {"mode": "until", "samples": 800, "target_multiplier": 1.0, "curve": {"type": "linear"}},
        {"mode": "rest", "target_multiplier": 0.0, "curve": {"type": "linear"}},
    ]
    return {"initial_multiplier": 0.0, "samples_per_step": 16, "phases": phases, "batch_size": ramp, **more}


def ends(schedule):
    return [phase.end_step for phase in schedule.phases]


def test_the_phases_are_counted_with_it():
    # 160 in 20 steps of 8, 640 more in 40 of 16
    assert ends(build_schedule(resolve_lr(section()), 100)) == [60, 100]
    assert ends(build_schedule(resolve_lr(section(ramp=None)), 100)) == [50, 100]


def test_it_stays_in_the_config_and_reads_back():
    config = resolve_lr(section(), 100)
    assert type(config).model_validate_json(config.model_dump_json()) == config
    assert config.ramp is not None
    assert [phase.target_multiplier for phase in config.ramp.scheduler.phases] == [0.5, 1.0]
    assert config.ramp.scheduler.samples_per_step == 16  # what they have in common
    assert config.without_ramp().ramp is None
    assert resolve_lr({"scheduler": section()}) == config


@pytest.mark.parametrize("name", ["llama3_405b", "apertus_70b", "moonlight", "marin_8b", "chinchilla"])
def test_compose_lr_gives_the_ramp_of_a_preset(name):
    config = compose_lr([f"lr=models/{name}", "+lr.stretch=true"], 1000)
    assert config.scheduler.batch_size is not None
    assert config.scheduler.batch_size.stretch
    schedule = build_schedule(config, 1000)
    assert schedule.phases[-1].end_step == 1000


def provided(config, **more):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    context = InitializeLRSchedulerContext(dist_context=DistributedContext(), total_steps=100, optimizer=optimizer)
    return AutoLRSchedulerProvider(config, **more)(context)


@pytest.mark.parametrize("form", [lambda config: config, lambda config: config.model_dump(), lambda config: section()])
def test_a_provider_gives_the_sizes_and_asks_for_a_full_batch(form):
    config = resolve_lr(section())
    scheduler = provided(form(config), batch_size=32)
    assert scheduler.batch_size == 16
    message = r"batch_size: is missing; lr\.batch_size needs .*\n    with lr\.batch_size=null the batch has one size"
    with pytest.raises(ConfigError, match=message):
        provided(form(config))
    assert provided(config.without_ramp()).get_last_lr() == [0.0]


def test_two_schedules_of_the_batch_are_refused():
    message = r"schedules\.batch_size: stands beside lr\.batch_size.*\n    type lr\.batch_size=null"
    with pytest.raises(ConfigError, match=message):
        provided(resolve_lr(section()), schedules={"batch_size": RAMP}, batch_size=16)


def with_phase(**fields):
    return {**RAMP, "phases": {**RAMP["phases"], "0": {**RAMP["phases"]["0"], **fields}}}


REFUSED = [
    (64, "lr.batch_size: 64 is no schedule; it must be a mapping with initial_multiplier and phases"),
    (with_phase(sample=1), "lr.batch_size.phases.0.sample: unknown key (value 1)"),
    (with_phase(samples=10**6), "lr.batch_size.phases.0.samples: up to here the phases need"),
    (
        {**RAMP, "phases": {**RAMP["phases"], "2": {**RAMP["phases"]["2"], "curve": {"type": "linear"}}}},
        "lr.batch_size.phases.2.curve.type: a batch size is constant in each phase",
    ),
    ({**RAMP, "batch_size": RAMP}, "lr.batch_size.batch_size: only a learning rate comes with batch sizes"),
]


@pytest.mark.parametrize(("ramp", "message"), REFUSED, ids=[message[:40] for _, message in REFUSED])
def test_errors_have_the_key_that_is_typed(ramp, message):
    with pytest.raises(ConfigError) as refused:
        resolve_lr(section(ramp=ramp), 100)
    assert message in str(refused.value)


def test_what_is_wrong_with_both_is_told_at_once():
    with pytest.raises(ConfigError) as refused:
        resolve_lr(section(ramp=with_phase(sample=1), phase=[]))
    assert "lr.batch_size.phases.0.sample: unknown" in str(refused.value)
    assert "lr.phase: unknown" in str(refused.value)


def test_examples_need_a_full_batch():
    ramp = with_phase(target_multiplier=None, target_value=8)
    found = resolve_lr(section(ramp=ramp))  # samples_per_step says what it is
    assert ends(build_schedule(found, 100)) == [60, 100]
    ramp["phases"]["0"].update(samples=None, steps=20)
    phases = [{"mode": "rest", "target_multiplier": 1.0, "curve": CONSTANT}]
    found = resolve_lr({"initial_multiplier": 1.0, "phases": phases, "batch_size": ramp})
    with pytest.raises(ConfigError, match=r"batch_size\.reference_value: is missing; phases in examples need"):
        build_schedule(found, 100)


def test_a_schedule_of_something_else_has_none():
    with pytest.raises(ConfigError, match=r"schedules\.weight_decay\.batch_size: only a learning rate comes with"):
        AutoLRSchedulerProvider(compose_lr(), schedules={"weight_decay": section()})


def test_another_length_is_refused_with_the_published_one_whole():
    # 160 in 20 steps of 8, 640 of 800 in 40 of 16: 60 steps, though a run of 10 ends inside the ramp
    ramp = {**RAMP, "phases": {**RAMP["phases"], "0": {**RAMP["phases"]["0"], "samples": None, "tokens": 160}}}
    published = section(ramp=ramp, published_tokens=800, tokens_per_step=16)
    with pytest.raises(ConfigError, match=r"10 is not the length .*: 800 tokens, 60 steps of the run"):
        resolve_lr(published, 10)
    assert ends(build_schedule(resolve_lr(published, 60), 60)) == [60, 60]


def test_what_is_said_to_type_runs_where_it_is_said():
    with pytest.raises(ConfigError, match=r"\n    type \+lr\.stretch=true to lay its shape over the run"):
        compose_lr(["lr=models/llama3_405b"], 1000)
    assert compose_lr(["lr=models/llama3_405b", "+lr.stretch=true"], 1000).scheduler.stretch
    with pytest.raises(ConfigError, match=r"unknown key 'stretch'.*\n    to add it, type .*\+lr\.stretch=true"):
        compose_lr(["lr=models/llama3_405b", "lr.stretch=true"], 1000)


def test_what_an_epoch_needs_is_said_as_it_is_typed():
    warmup = ["lr/warmup@lr.phases.0=linear_amount", "lr.phases.0.fraction=null", "lr.phases.0.epochs=2"]
    message = r"lr\.steps_per_epoch: is missing; .*\n    type \+lr\.steps_per_epoch=NUMBER"
    with pytest.raises(ConfigError, match=message):
        compose_lr(warmup, 1000)
    schedule = build_schedule(compose_lr([*warmup, "+lr.steps_per_epoch=70"], 1000), 1000)
    assert schedule.phases[0].end_step == 140

"""One provider for several hyperparameters: base times multiplier in every group, one scheduler, one state."""

import copy
import json
import pickle

import pytest
import torch
from omegaconf import OmegaConf
from torch import nn
from torch.optim import SGD, AdamW

from d9d_lr import (
    AutoLRSchedulerProvider,
    ConfigError,
    DistributedContext,
    InitializeLRSchedulerContext,
    LRSchedulerProtocol,
    LRSchedulerProvider,
    compose_lr,
)

LINEAR = {"type": "linear"}
TO_ZERO = {"initial_multiplier": 1.0, "phases": [{"mode": "rest", "target_multiplier": 0.0, "curve": LINEAR}]}
TO_HALF = {"initial_multiplier": 1.0, "phases": [{"mode": "rest", "target_multiplier": 0.5, "curve": LINEAR}]}
CONSTANT = {"initial_multiplier": 1.0, "phases": [{"mode": "rest", "target_multiplier": 1.0, "curve": LINEAR}]}
RAMP = {
    "initial_multiplier": 1.0,
    "phases": [
        {"mode": "until", "samples": 24, "target_value": 8, "curve": {"type": "constant"}},
        {"mode": "rest", "target_value": 16, "curve": {"type": "constant"}},
    ],
}
TOTAL = 10


def parameter():
    return nn.Parameter(torch.ones(1))


def adamw(weight_decay=0.1, **more):
    """Two groups, the second with another base for everything."""
    second = {"params": [parameter()], "lr": 0.2, "weight_decay": 2 * weight_decay, "name": "head"}
    return AdamW([{"params": [parameter()], "name": "body"}, second], lr=0.1, weight_decay=weight_decay, **more)


def scheduler_of(optimizer, schedules, lr=TO_ZERO, total_steps=TOTAL, **more):
    provider = AutoLRSchedulerProvider(lr, schedules=schedules, **more)
    context = InitializeLRSchedulerContext(
        dist_context=DistributedContext(), total_steps=total_steps, optimizer=optimizer
    )
    return provider(context)


def advance(scheduler, steps):
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()


def seen(optimizer, *keys):
    return [tuple(group[key] for key in keys) for group in optimizer.param_groups]


def test_it_is_a_provider_and_a_scheduler_like_any_other():
    provider = AutoLRSchedulerProvider(TO_ZERO, schedules={"weight_decay": TO_HALF})
    assert isinstance(provider, LRSchedulerProvider)
    assert isinstance(scheduler_of(adamw(), {"weight_decay": TO_HALF}), LRSchedulerProtocol)


def test_each_value_is_the_groups_base_times_the_multiplier_from_construction_on():
    optimizer = adamw()
    scheduler = scheduler_of(optimizer, {"weight_decay": TO_HALF, "betas": {1: TO_HALF}})
    for step in range(TOTAL + 1):
        # 1 to 0.5 in 10 steps: 1 - 0.05 a step
        m = 1.0 + (0.5 - 1.0) * (step / 10)
        assert seen(optimizer, "weight_decay", "betas") == [
            (0.1 * m, (0.9, 0.999 * m)),
            (0.2 * m, (0.9, 0.999 * m)),
        ]
        assert scheduler.scheduled_values() == {"weight_decay": 0.1 * m, "betas.1": 0.999 * m}
        if step < TOTAL:
            advance(scheduler, 1)
    assert seen(optimizer, "lr") == [(0.0,), (0.0,)]


def test_momentum_in_its_own_values():
    optimizer = SGD([parameter()], lr=0.1, momentum=0.95)
    one_cycle = {
        "initial_multiplier": 1.0,
        "reference_value": 0.95,
        "phases": [
            {"mode": "steps", "steps": 5, "target_value": 0.85, "curve": LINEAR},
            {"mode": "rest", "target_value": 0.95, "curve": LINEAR},
        ],
    }
    scheduler = scheduler_of(optimizer, {"momentum": one_cycle})
    found = []
    for _ in range(TOTAL + 1):
        found += [group["momentum"] for group in optimizer.param_groups]
        if len(found) <= TOTAL:
            advance(scheduler, 1)
    expected = [0.95, 0.93, 0.91, 0.89, 0.87, 0.85, 0.87, 0.89, 0.91, 0.93, 0.95]
    assert found == pytest.approx(expected, rel=1e-15)


def test_a_group_by_name_has_its_own():
    optimizer = adamw()
    schedules = {"weight_decay": TO_HALF, "groups": {"head": {"lr": CONSTANT, "weight_decay": TO_ZERO}}}
    scheduler = scheduler_of(optimizer, schedules)
    advance(scheduler, 5)
    # body: lr 0.1 * 0.5, weight decay 0.1 * 0.75; head: lr 0.2, weight decay 0.2 * 0.5
    assert seen(optimizer, "lr", "weight_decay") == [(0.05, 0.1 * 0.75), (0.2, 0.1)]
    assert scheduler.get_last_lr() == [0.05, 0.2]
    assert scheduler.scheduled_values() == {
        "weight_decay": 0.1 * 0.75,
        "groups.head.lr": 0.2,
        "groups.head.weight_decay": 0.1,
    }


def test_the_batch_size_is_asked_of_the_scheduler():
    scheduler = scheduler_of(adamw(), {"batch_size": RAMP}, batch_size=16)
    found = []
    for _ in range(5):
        found.append(scheduler.batch_size)
        advance(scheduler, 1)
    assert found == [8, 8, 8, 16, 16]  # 24 samples are three steps of 8
    assert scheduler_of(adamw(), {}).batch_size is None


def test_the_learning_rate_is_counted_with_the_batch():
    lr = {
        "initial_multiplier": 1.0,
        "samples_per_step": 16,
        "phases": [
            {"mode": "until", "samples": 56, "target_multiplier": 1.0, "curve": LINEAR},
            {"mode": "rest", "target_multiplier": 0.0, "curve": LINEAR},
        ],
    }
    scheduler = scheduler_of(adamw(), {"batch_size": RAMP}, lr=lr, batch_size=16)
    assert scheduler.schedule.phases[0].end_step == 5  # 3 * 8 + 2 * 16 = 56


def test_a_hydra_section_will_do():
    section = OmegaConf.create({"weight_decay": TO_HALF, "betas": {"1": TO_HALF}})
    scheduler = scheduler_of(adamw(), section, lr=compose_lr(["lr=constant"]))
    assert scheduler.scheduled_values() == {"weight_decay": 0.1, "betas.1": 0.999}


@pytest.mark.parametrize("optimizer_first", [True, False])
def test_it_goes_on_to_the_last_bit(optimizer_first):
    schedules = {"weight_decay": TO_HALF, "betas": {0: TO_ZERO}, "groups": {"head": {"lr": TO_HALF}}}
    optimizer = adamw()
    scheduler = scheduler_of(optimizer, schedules)
    advance(scheduler, 3)
    states = copy.deepcopy((optimizer.state_dict(), scheduler.state_dict()))
    advance(scheduler, 4)
    again = adamw()
    if optimizer_first:
        again.load_state_dict(states[0])
    resumed = scheduler_of(again, schedules)
    if not optimizer_first:
        again.load_state_dict(states[0])
    resumed.load_state_dict(states[1])
    advance(resumed, 4)
    plain = [{key: value for key, value in group.items() if key != "params"} for group in again.param_groups]
    assert plain == [
        {key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups
    ]
    assert resumed.state_dict() == scheduler.state_dict()


def test_the_state_is_flat_and_says_nothing_of_what_is_not_scheduled():
    assert "other_schedules" not in scheduler_of(adamw(), {}).state_dict()
    state = scheduler_of(adamw(), {"weight_decay": TO_HALF}).state_dict()
    written = json.loads(state["other_schedules"])
    assert written["bases"] == {"weight_decay": [0.1, 0.2]}
    assert list(written["schedules"]) == ["weight_decay"]


def test_another_schedule_is_refused_adopted_or_kept():
    old = {"weight_decay": TO_HALF, "betas": {1: TO_HALF}}
    scheduler = scheduler_of(adamw(), old)
    advance(scheduler, 5)
    state, new = scheduler.state_dict(), {"weight_decay": TO_ZERO, "groups": {"head": {"lr": TO_HALF}}}
    with pytest.raises(ConfigError) as refused:
        scheduler_of(adamw(0.2), new).load_state_dict(state)
    assert str(refused.value).splitlines()[2:-1] == [
        "      betas.1: it is not scheduled any more",
        "      groups.head.lr: it was not scheduled, and is now",
        "      weight_decay: phase 0: steps 0 to 10, linear to 0.5 -> steps 0 to 10, linear to 0.0",
        "      weight_decay: base value: [0.1, 0.2] -> [0.2, 0.4]",
        "      weight_decay: at step 5 it goes from 0.075 to 0.1",
    ]
    adopting = scheduler_of(adamw(0.2), new, on_schedule_change="adopt")
    adopting.load_state_dict(state)
    assert seen(adopting.optimizer, "weight_decay") == [(0.1,), (0.2,)]
    assert seen(adopting.optimizer, "lr") == [(0.05,), (0.2 * 0.75,)]
    keeping = scheduler_of(adamw(0.2), new, on_schedule_change="keep")
    keeping.load_state_dict(state)
    assert seen(keeping.optimizer, "weight_decay", "betas") == seen(scheduler.optimizer, "weight_decay", "betas")
    advance(keeping, 2)
    advance(scheduler, 2)
    assert keeping.state_dict() == scheduler.state_dict()


def test_groups_added_later_are_served_with_their_own_base():
    optimizer = adamw()
    scheduler = scheduler_of(optimizer, {"weight_decay": TO_HALF})
    advance(scheduler, 4)
    optimizer.add_param_group({"params": [parameter()], "weight_decay": 1.0})
    advance(scheduler, 1)
    assert seen(optimizer, "weight_decay") == [(0.1 * 0.75,), (0.2 * 0.75,), (0.75,)]


def test_a_tensor_is_written_in_place_and_the_default_stays_a_base():
    optimizer = SGD([parameter()], lr=0.1, weight_decay=torch.tensor(0.5, dtype=torch.float64))
    scheduler = scheduler_of(optimizer, {"weight_decay": TO_HALF})
    held = optimizer.param_groups[0]["weight_decay"]
    scheduler.move_to(5)
    assert optimizer.param_groups[0]["weight_decay"] is held
    assert held == 0.375  # 0.5 * 0.75
    optimizer.add_param_group({"params": [parameter()]})
    scheduler.move_to(5)
    assert optimizer.param_groups[1]["weight_decay"] == 0.375


def test_it_is_copied_and_pickled():
    scheduler = scheduler_of(adamw(), {"weight_decay": TO_HALF, "batch_size": RAMP}, batch_size=16)
    advance(scheduler, 3)
    for again in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):
        advance(again, 2)
        assert again.scheduled_values() == {"weight_decay": 0.1 * 0.75, "batch_size": 16}
    assert scheduler.last_epoch == 3


BELOW_ZERO = {**TO_ZERO, "phases": [{**TO_ZERO["phases"][0], "target_multiplier": -1.0}]}
DOUBLED = {**TO_ZERO, "phases": [{**TO_ZERO["phases"][0], "target_multiplier": 2.0}]}
REFUSED = [
    ({"weight_decy": TO_ZERO}, r"schedules\.weight_decy: the optimizer has no .*\n.*did you mean 'weight_decay'"),
    ({"momentum": TO_ZERO}, r"schedules\.momentum: the optimizer has no hyperparameter 'momentum'; there are betas\.0"),
    ({"betas": {2: TO_ZERO}}, r"schedules\.betas\.2: the optimizer has no hyperparameter"),
    ({"betas": TO_ZERO}, r"schedules\.betas: the optimizer has no hyperparameter"),
    ({"lr": TO_ZERO}, r"schedules\.lr: is not scheduled here"),
    ({"weight_decay": 0.1}, r"schedules\.weight_decay: 0\.1 is no schedule"),
    ({"groups": {"heads": {"lr": TO_ZERO}}}, r"schedules\.groups\.heads: .* body, head\n.*did you mean 'head'"),
    ({"groups": {"head": {"batch_size": TO_ZERO}}}, r"the batch size is one for all groups"),
    ({"weight_decay": BELOW_ZERO}, r"schedules\.weight_decay: at step 9 it is -0\.08, -0\.8 times 0\.1; .* at least 0"),
    ({"betas": {0: DOUBLED}}, r"schedules\.betas\.0: at step 9 it is 1\.71, 1\.9 times 0\.9; .* from 0 to below 1"),
    ({"batch_size": RAMP}, r"batch_size: is missing; schedules\.batch_size needs the number of examples"),
    ({"weight_decay": {"initial_multiplier": 1.0}}, r"schedules\.weight_decay\.phases: is missing"),
    (
        {
            "weight_decay": {
                **TO_ZERO,
                "phases": [{"mode": "steps", "steps": 11, "target_multiplier": 1, "curve": LINEAR}],
            }
        },
        r"schedules\.weight_decay\.phases\.0\.steps: up to here the phases need 11 steps, total_steps is 10",
    ),
]


@pytest.mark.parametrize(("schedules", "message"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_is_refused(schedules, message):
    with pytest.raises(ConfigError, match=message):
        scheduler_of(adamw(), schedules)


def test_a_base_of_zero_is_refused_where_it_is_in_every_group():
    with pytest.raises(ConfigError, match=r"schedules\.weight_decay: it is 0 in the optimizer"):
        scheduler_of(adamw(0.0), {"weight_decay": TO_HALF})
    optimizer = AdamW([{"params": [parameter()], "weight_decay": 0.0}, {"params": [parameter()]}], weight_decay=0.1)
    scheduler = scheduler_of(optimizer, {"weight_decay": TO_HALF})
    advance(scheduler, 5)
    assert seen(optimizer, "weight_decay") == [(0.0,), (0.1 * 0.75,)]

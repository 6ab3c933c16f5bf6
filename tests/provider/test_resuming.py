"""A saved state: of the same schedule, of another one, of another kind of scheduler, through torch's checkpoints."""

import inspect
import json

import pytest
import torch
import torch.distributed.checkpoint as dcp
from torch import nn
from torch.distributed.checkpoint.default_planner import DefaultLoadPlanner
from torch.optim import SGD
from torch.optim.lr_scheduler import LambdaLR

from d9d_lr import ConfigError, CurveBase, CurveCosine, CurveLinear, PiecewiseLR, piecewise_schedule

ALONE = {"no_dist": True} if "no_dist" in inspect.signature(dcp.save).parameters else {}  # torch 2.6 just warns


def sgd(*lrs):
    return SGD([{"params": [nn.Parameter(torch.ones(1))], "lr": lr} for lr in lrs or (0.1,)])


def wsd(total_steps, end=0.0):
    """4 steps up; until 0.8 of the run at 1; the rest down to `end`."""
    builder = piecewise_schedule(0.0, total_steps).for_steps(4, 1.0, CurveLinear())
    return builder.until_percentage(0.8, 1.0, CurveLinear()).fill_rest(end, CurveLinear()).schedule()


def state_at(step, schedule=None, *lrs):
    scheduler = PiecewiseLR(sgd(*lrs), schedule or wsd(20))
    scheduler.move_to(step)
    return scheduler.state_dict()


def lrs_of(scheduler):
    return [float(group["lr"]) for group in scheduler.optimizer.param_groups]


def test_another_schedule_is_refused_with_each_difference_and_the_jump_and_nothing_changes():
    scheduler = PiecewiseLR(sgd(0.2), wsd(30), key="generator_lr")
    scheduler.move_to(2)
    with pytest.raises(ConfigError) as refused:
        scheduler.load_state_dict(state_at(18))
    # Step 18 of 20: half of the decay from 16 to 20 is done, 0.1 * 0.5; of 30 steps it is in the hold, 0.2 * 1.
    assert str(refused.value).splitlines() == [
        "1 problem in the configuration:",
        "  generator_lr: the schedule is not the one that the state of step 18 was saved under:",
        "      phase 1: steps 4 to 16, linear to 1.0 -> steps 4 to 24, linear to 1.0",
        "      phase 2: steps 16 to 20, linear to 0.0 -> steps 24 to 30, linear to 0.0",
        "      base learning rate: 0.1 -> 0.2",
        "      at step 18 the learning rate goes from 0.05 to 0.2",
        '    on_schedule_change="adopt" takes the new one, ="keep" goes on with the old one; the provider is given it',
    ]
    assert (scheduler.last_epoch, lrs_of(scheduler)) == (2, [0.1])


def test_other_base_learning_rates_alone_are_a_change():
    with pytest.raises(ConfigError, match=r"base learning rate: \[0\.1, 0\.2\] -> \[0\.1, 0\.3\]"):
        PiecewiseLR(sgd(0.1, 0.3), wsd(20)).load_state_dict(state_at(8, None, 0.1, 0.2))
    with pytest.raises(ConfigError, match=r"base learning rate: 0\.1 -> \[0\.1, 0\.3\]"):
        PiecewiseLR(sgd(0.1, 0.3), wsd(20)).load_state_dict(state_at(8))


def test_adopt_goes_on_under_the_new_schedule_and_the_new_base():
    scheduler = PiecewiseLR(sgd(0.2), wsd(30), on_schedule_change="adopt")
    scheduler.load_state_dict(state_at(18))
    assert (scheduler.last_epoch, lrs_of(scheduler)) == (18, [0.2])
    assert scheduler.optimizer.param_groups[0]["initial_lr"] == 0.2
    PiecewiseLR(sgd(0.2), wsd(30)).load_state_dict(scheduler.state_dict())  # adopted once, it is the run's own


def test_keep_goes_on_under_the_old_schedule_and_the_old_base():
    scheduler = PiecewiseLR(sgd(0.2), wsd(30), on_schedule_change="keep")
    scheduler.load_state_dict(state_at(18))
    assert lrs_of(scheduler) == pytest.approx([0.05])
    seen = []
    for _ in range(4):  # it stays at its old end, and that is no misstep: warnings are errors here
        scheduler.optimizer.step()
        scheduler.step()
        seen += lrs_of(scheduler)
    assert seen == pytest.approx([0.025, 0.0, 0.0, 0.0])
    assert scheduler.state_dict()["schedule"] == state_at(18)["schedule"]


def test_keep_leaves_a_tensor_one():
    scheduler = PiecewiseLR(sgd(torch.tensor(0.2)), wsd(30), on_schedule_change="keep")
    scheduler.load_state_dict(state_at(8))
    assert scheduler.base_lrs == [torch.tensor(0.1)]


def test_what_cannot_be_kept_is_reported():
    class Own(CurveBase):
        def compute(self, start, end, step_p):
            return start

    own = piecewise_schedule(0.5, 20).fill_rest(1.0, Own()).schedule()
    scheduler = PiecewiseLR(sgd(), wsd(20), on_schedule_change="keep")
    with pytest.raises(ConfigError, match=r"on_schedule_change: the old schedule cannot be kept: .*Own"):
        scheduler.load_state_dict(state_at(8, own))
    foreign = LambdaLR(sgd(), lambda _: 0.5).state_dict()
    with pytest.raises(ConfigError, match="its schedule is not known and cannot be kept"):
        scheduler.load_state_dict(foreign)
    with pytest.raises(ConfigError, match="the schedule is not the one"):
        scheduler.load_state_dict(state_at(8, None, 0.1, 0.1))  # two groups, and here is one


@pytest.mark.parametrize("step", [None, -1, "5", True])
def test_a_state_without_a_step_is_refused(step):
    with pytest.raises(ConfigError, match=r"last_epoch: the saved state has .*, not a step"):
        PiecewiseLR(sgd(), wsd(20)).load_state_dict(state_at(5) | {"last_epoch": step})


# --- states of other schedulers ---


def lambda_state(step, function):
    scheduler = LambdaLR(sgd(), function)
    for _ in range(step):
        scheduler.optimizer.step()
        scheduler.step()
    return scheduler.state_dict()


def test_a_state_of_lambda_lr_with_the_same_learning_rate_is_taken_up():
    scheduler = PiecewiseLR(sgd(), wsd(20))
    scheduler.load_state_dict(lambda_state(18, wsd(20).multiplier))
    assert (scheduler.last_epoch, lrs_of(scheduler)) == (18, pytest.approx([0.05]))


def test_a_state_of_lambda_lr_with_another_learning_rate_is_taken_up_on_purpose_only():
    state = lambda_state(18, lambda step: 1 - step / 20)
    with pytest.raises(ConfigError) as refused:
        PiecewiseLR(sgd(), wsd(20)).load_state_dict(state)
    assert str(refused.value).splitlines()[1:] == [
        "  lr: the schedule is not the one that the state of step 18 was saved under:",
        "      it is of another kind of scheduler, whose schedule is not known",
        "      at step 18 the learning rate goes from 0.01 to 0.05",  # 0.1 * (1 - 18/20); 0.1 * 0.5
        '    on_schedule_change="adopt" takes this schedule at that step; the provider is given it',
    ]
    scheduler = PiecewiseLR(sgd(), wsd(20), on_schedule_change="adopt")
    scheduler.load_state_dict(state)
    assert lrs_of(scheduler) == pytest.approx([0.05])


def test_a_state_that_holds_the_step_alone_says_so():
    with pytest.raises(ConfigError, match=r"at step 18 the learning rate becomes 0\.05; what it was is not in the st"):
        PiecewiseLR(sgd(), wsd(20)).load_state_dict({"last_epoch": 18})


@pytest.mark.parametrize("schedule", [5, {"a": 1}, "no JSON", "[1]", "{}"])
def test_what_another_scheduler_calls_schedule_is_not_taken_for_ours(schedule):
    with pytest.raises(ConfigError, match="it is of another kind of scheduler"):
        PiecewiseLR(sgd(), wsd(20)).load_state_dict({"last_epoch": 3, "schedule": schedule})


# --- torch.distributed.checkpoint goes key by key ---


@pytest.mark.filterwarnings("ignore:torch.distributed is")
def test_dcp_loads_a_state_of_another_schedule_with_other_fields(tmp_path):
    scheduler = PiecewiseLR(sgd(), piecewise_schedule(0.0, 20).fill_rest(1.0, CurveCosine()).schedule())
    scheduler.move_to(7)
    dcp.save({"scheduler": scheduler.state_dict()}, checkpoint_id=tmp_path, **ALONE)
    state = {"scheduler": PiecewiseLR(sgd(), wsd(30)).state_dict()}
    dcp.load(state, checkpoint_id=tmp_path, **ALONE)
    assert state["scheduler"] == scheduler.state_dict()
    assert json.loads(state["scheduler"]["schedule"])["phases"][0]["curve"] == {"type": "cosine"}


@pytest.mark.filterwarnings("ignore:torch.distributed is")
@pytest.mark.parametrize("same", [True, False])
def test_dcp_loads_a_state_of_another_kind_in_part(same, tmp_path):
    function = wsd(20).multiplier if same else (lambda step: 1 - step / 20)
    dcp.save({"scheduler": lambda_state(18, function)}, checkpoint_id=tmp_path, **ALONE)
    scheduler = PiecewiseLR(sgd(), wsd(20))
    state = {"scheduler": scheduler.state_dict()}
    dcp.load(state, checkpoint_id=tmp_path, planner=DefaultLoadPlanner(allow_partial_load=True), **ALONE)
    if same:
        scheduler.load_state_dict(state["scheduler"])
        assert lrs_of(scheduler) == pytest.approx([0.05])
    else:
        with pytest.raises(ConfigError, match=r"another kind of scheduler(.|\n)*goes from 0\.01 to 0\.05"):
            scheduler.load_state_dict(state["scheduler"])

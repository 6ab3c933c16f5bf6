"""Random sequences of what training code does with an optimizer and its scheduler, against the formula."""

import copy

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.optim import SGD, AdamW

from d9d_lr import ConfigError, CurveCosine, CurveLinear, PiecewiseLR, piecewise_schedule
from helpers.effort import examples

SCHEDULE = (
    piecewise_schedule(0.0, 12).for_steps(3, 1.0, CurveLinear()).for_steps(4, 0.5, CurveCosine()).fill_rest(
        0.1, CurveLinear()
    )
).schedule()  # fmt: skip
OPERATIONS = (
    *("step", "step", "step", "add", "add own", "move", "copy"),
    *("save", "load", "load scheduler", "save optimizer", "load optimizer"),
)


def parameter():
    return nn.Parameter(torch.ones(1))


def given_lr(value, as_tensor):
    return torch.tensor(value, dtype=torch.float64) if as_tensor else value


class Play:
    """An optimizer, its scheduler, and what the base learning rate of each group must be."""

    def __init__(self, kind, as_tensor):
        self.as_tensor = as_tensor
        self.optimizer = kind([parameter()], lr=given_lr(0.1, as_tensor))
        self.scheduler = PiecewiseLR(self.optimizer, SCHEDULE, on_misstep="off")
        self.bases, self.step, self.saved, self.saved_optimizer = [0.1], 0, None, None

    def do(self, operation, number):
        """Does it; returns whether the learning rates are the scheduler's afterwards."""
        match operation:
            case "step":
                self.optimizer.step()
                self.scheduler.step()
                self.step += 1
                return True
            case "add":
                self.optimizer.add_param_group({"params": [parameter()]})
                self.bases.append(0.1)
            case "add own":
                base = (number + 1) / 8
                self.optimizer.add_param_group({"params": [parameter()], "lr": given_lr(base, self.as_tensor)})
                self.bases.append(base)
            case "save":
                states = self.optimizer.state_dict(), self.scheduler.state_dict()
                self.saved = (copy.deepcopy(states), self.step, len(self.bases))
            case "save optimizer":  # by itself: the scheduler has not seen groups that were just added
                self.saved_optimizer = (copy.deepcopy(self.optimizer.state_dict()), len(self.bases))
            case "load optimizer":
                if self.saved_optimizer and self.saved_optimizer[1] == len(self.bases):
                    self.optimizer.load_state_dict(copy.deepcopy(self.saved_optimizer[0]))
            case "move":
                self.scheduler.move_to(number)
                self.step = number
                return True
            case "copy":
                self.optimizer, self.scheduler = copy.deepcopy((self.optimizer, self.scheduler))
            case _:
                return self.load(operation)
        return False

    def load(self, operation):
        if self.saved is None or self.saved[2] != len(self.bases):
            return False  # torch refuses a state with another number of groups
        (optimizer_state, scheduler_state), step, _ = self.saved
        if operation != "load scheduler":
            self.optimizer.load_state_dict(copy.deepcopy(optimizer_state))
        self.scheduler.load_state_dict(copy.deepcopy(scheduler_state))
        self.step = step
        return True

    def check(self):
        found = [float(group["lr"]) for group in self.optimizer.param_groups]
        assert found == [base * SCHEDULE.multiplier(self.step) for base in self.bases]


@given(
    kind=st.sampled_from([SGD, AdamW]),
    as_tensor=st.booleans(),
    operations=st.lists(st.tuples(st.sampled_from(OPERATIONS), st.integers(0, 14)), max_size=25),
)
@examples(200)
def test_every_group_keeps_its_base_learning_rate(kind, as_tensor, operations, tried):
    play = Play(kind, as_tensor)
    play.check()
    for operation, number in [*operations, ("step", 0)]:
        if play.do(operation, number):
            play.check()
        tried["operations on an optimizer and its scheduler"] += 1
    tried["interleavings of them: every group at its base times the multiplier"] += 1


AROUND = ("save optimizer", "load optimizer")


@pytest.mark.parametrize(
    "order",
    [("step", "add", "add", "step"), ("step", "add", *AROUND, "step"), ("step", *AROUND, "add", *AROUND, "step")],
)
@pytest.mark.parametrize("as_tensor", [False, True])
def test_a_group_that_is_added_around_loading_the_optimizer(order, as_tensor):
    play = Play(SGD, as_tensor)
    for operation in order:
        play.do(operation, 0)
    play.check()


@pytest.mark.parametrize("dtype", [torch.int64, torch.int32, torch.bool])
def test_a_tensor_that_cannot_hold_a_fraction_is_refused(dtype):
    with pytest.raises(ConfigError, match=f"optimizer.lr: a tensor of {dtype} cannot hold"):
        PiecewiseLR(SGD([parameter()], lr=torch.tensor(1, dtype=dtype)), SCHEDULE)


def test_a_group_with_a_tensor_of_integers_is_refused_at_the_next_step():
    scheduler = PiecewiseLR(SGD([parameter()], lr=0.1), SCHEDULE)
    scheduler.optimizer.add_param_group({"params": [parameter()], "lr": torch.tensor(1)})
    scheduler.optimizer.step()
    with pytest.raises(ConfigError, match=r"torch\.int64 cannot hold .*\n *torch\.tensor\(1\.0\) is one"):
        scheduler.step()

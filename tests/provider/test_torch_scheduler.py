"""PiecewiseLR as torch code treats it."""

import copy
import io
import math
import pickle
import warnings

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch._dynamo.testing import CompileCounter
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, SequentialLR

from d9d_lr import CurveCosine, CurveExponential, CurveLinear, CurvePoly, PiecewiseLR, piecewise_schedule
from d9d_lr.provider.guard import MisstepWarning
from d9d_lr.schedule.piecewise import Schedule

# Base LR 0.1: warmup 0 -> 1 in 2 steps, until step 5 linear to 0.1, until step 10 linear to 0.01 (DESIGN section 4).
REFERENCE = [0.0, 0.05, 0.1, 0.07, 0.04, 0.01, 0.0082, 0.0064, 0.0046, 0.0028, 0.001, 0.001]


def reference_schedule() -> Schedule:
    curve = CurveLinear()
    builder = piecewise_schedule(0.0, 10)
    return builder.for_steps(2, 1.0, curve).until_percentage(0.5, 0.1, curve).fill_rest(0.01, curve).schedule()


def unwatched(optimizer: Optimizer, schedule: Schedule) -> PiecewiseLR:
    """A scheduler that may go past the end of its schedule."""
    return PiecewiseLR(optimizer, schedule, on_misstep="off")


def parameter() -> nn.Parameter:
    return nn.Parameter(torch.ones(2))


def sgd(lr: float | Tensor = 0.1) -> SGD:
    return SGD([parameter()], lr=lr)


def advance(scheduler: PiecewiseLR, steps: int) -> None:
    for _ in range(steps):
        scheduler.optimizer.step()
        scheduler.step()


def lr_of(optimizer: Optimizer, group: int = 0) -> float:
    return float(optimizer.param_groups[group]["lr"])


def test_reference_values_from_construction_on():
    optimizer = sgd()
    scheduler = unwatched(optimizer, reference_schedule())
    seen = [lr_of(optimizer)]
    for _ in range(11):
        advance(scheduler, 1)
        seen.append(lr_of(optimizer))
    assert seen == pytest.approx(REFERENCE, rel=1e-15, abs=1e-18)


def test_is_what_torch_code_expects():
    optimizer = SGD([{"params": [parameter()]}, {"params": [parameter()], "lr": 0.2}], lr=0.1)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    assert isinstance(scheduler, LRScheduler)
    assert scheduler.optimizer is optimizer
    assert scheduler.last_epoch == 0
    assert scheduler.base_lrs == [0.1, 0.2]
    advance(scheduler, 1)
    assert scheduler.last_epoch == 1
    assert scheduler.get_last_lr() == [0.05, 0.1]
    assert [group["initial_lr"] for group in optimizer.param_groups] == [0.1, 0.2]


@pytest.mark.parametrize("lr", [0.1, torch.tensor(0.1, dtype=torch.float64)], ids=["float", "tensor"])
@pytest.mark.parametrize("steps", [0, 1, 2, 5, 9, 10, 11])
def test_the_learning_rate_is_right_at_once_after_loading(lr, steps):
    saved_optimizer = sgd(copy.deepcopy(lr))
    saved = unwatched(saved_optimizer, reference_schedule())
    advance(saved, steps)
    optimizer = sgd(copy.deepcopy(lr))
    scheduler = unwatched(optimizer, reference_schedule())
    scheduler.load_state_dict(saved.state_dict())
    assert lr_of(optimizer) == lr_of(saved_optimizer)
    assert [float(lr) for lr in scheduler.get_last_lr()] == [lr_of(optimizer)]
    assert scheduler.last_epoch == steps
    advance(scheduler, 1)
    advance(saved, 1)
    assert lr_of(optimizer) == lr_of(saved_optimizer)


def test_loading_writes_over_what_the_optimizer_state_brought():
    saved_optimizer = sgd()
    saved = PiecewiseLR(saved_optimizer, reference_schedule())
    advance(saved, 3)
    optimizer = sgd()
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    stale = saved_optimizer.state_dict()
    stale["param_groups"][0]["lr"] = 123.0
    optimizer.load_state_dict(stale)
    scheduler.load_state_dict(saved.state_dict())
    assert lr_of(optimizer) == pytest.approx(0.07)


def test_the_state_is_plain_values_that_the_safe_loader_reads():
    scheduler = PiecewiseLR(sgd(torch.tensor(0.1)), reference_schedule())
    advance(scheduler, 4)
    buffer = io.BytesIO()
    torch.save(scheduler.state_dict(), buffer)
    buffer.seek(0)
    state = torch.load(buffer, weights_only=True)
    assert state == scheduler.state_dict()
    assert all(not isinstance(value, Tensor) for value in [*state.values(), *state["base_lrs"]])


def test_moving_on_purpose_takes_this_schedule_and_these_base_learning_rates():
    optimizer = sgd(0.2)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    optimizer.param_groups[0]["lr"] = optimizer.param_groups[0]["initial_lr"] = 99.0
    scheduler.move_to(5)
    assert lr_of(optimizer) == pytest.approx(0.2 * 0.1)
    assert optimizer.param_groups[0]["initial_lr"] == 0.2


# --- param groups added later ---


@pytest.mark.parametrize("own", [None, 0.4, torch.tensor(0.4, dtype=torch.float64)], ids=["default", "float", "tensor"])
@pytest.mark.parametrize("default", [0.1, torch.tensor(0.1, dtype=torch.float64)], ids=["float", "tensor"])
def test_a_group_added_later_is_scheduled(default, own):
    optimizer = AdamW([parameter()], lr=copy.deepcopy(default), foreach=False)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    advance(scheduler, 3)
    group = {"params": [parameter()]} | ({} if own is None else {"lr": copy.deepcopy(own)})
    optimizer.add_param_group(group)
    advance(scheduler, 1)
    base = 0.1 if own is None else 0.4
    assert [float(lr) for lr in scheduler.base_lrs] == pytest.approx([0.1, base], rel=1e-15)
    assert [lr_of(optimizer, 0), lr_of(optimizer, 1)] == pytest.approx([0.04, base * 0.4], rel=1e-14)


def test_a_group_added_after_loading_gets_the_default_and_not_its_scheduled_value():
    # Loading an optimizer's state gives its groups new tensors; the default tensor stays, and holds 0.1 * m(0) = 0.
    saved_optimizer = AdamW([parameter()], lr=torch.tensor(0.1, dtype=torch.float64), foreach=False)
    saved = PiecewiseLR(saved_optimizer, reference_schedule())
    advance(saved, 3)
    optimizer = AdamW([parameter()], lr=torch.tensor(0.1, dtype=torch.float64), foreach=False)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    optimizer.load_state_dict(saved_optimizer.state_dict())
    scheduler.load_state_dict(saved.state_dict())
    optimizer.add_param_group({"params": [parameter()]})
    advance(scheduler, 1)
    assert [lr_of(optimizer, 0), lr_of(optimizer, 1)] == pytest.approx([0.04, 0.04], rel=1e-14)


def test_a_group_added_later_is_part_of_the_state():
    scheduler = PiecewiseLR(sgd(), reference_schedule())
    scheduler.optimizer.add_param_group({"params": [parameter()], "lr": 0.3})
    assert scheduler.state_dict()["base_lrs"] == [0.1, 0.3]


# --- tensor learning rates ---


def test_a_tensor_is_written_in_place():
    lr = torch.tensor(0.1, dtype=torch.float64)
    optimizer = sgd(lr)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    advance(scheduler, 1)
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == 0.05
    scheduler.move_to(3)
    assert optimizer.param_groups[0]["lr"] is lr
    assert lr.item() == pytest.approx(0.07)


@pytest.mark.parametrize("groups", [1, 3])
def test_a_learning_rate_that_becomes_a_tensor_on_the_way_is_written_in_place(groups):
    optimizer = SGD([{"params": [parameter()]} for _ in range(groups)], lr=0.1)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    advance(scheduler, 1)
    tensors = [torch.tensor(0.0, dtype=torch.float64) for _ in range(groups)]
    for group, tensor in zip(optimizer.param_groups, tensors, strict=True):
        group["lr"] = tensor
    advance(scheduler, 2)
    assert [group["lr"] for group in optimizer.param_groups] == tensors
    assert [float(tensor) for tensor in tensors] == pytest.approx([REFERENCE[3]] * groups)
    assert [float(lr) for lr in scheduler.get_last_lr()] == [float(tensor) for tensor in tensors]


def test_the_groups_that_a_loaded_optimizer_state_brings_are_written():
    optimizer = sgd()
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    advance(scheduler, 2)
    before = optimizer.param_groups[0]
    optimizer.load_state_dict(optimizer.state_dict())
    assert optimizer.param_groups[0] is not before
    advance(scheduler, 1)
    assert lr_of(optimizer) == pytest.approx(REFERENCE[3])


def test_a_group_that_was_taken_away_is_reported():
    optimizer = SGD([{"params": [parameter()]} for _ in range(2)], lr=0.1)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    del optimizer.param_groups[0]
    optimizer.step()
    with pytest.raises(ValueError, match="argument 2 is longer"):
        scheduler.step()


def test_get_last_lr_is_what_was_scheduled_and_not_what_others_wrote():
    optimizer = sgd()
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    advance(scheduler, 3)
    optimizer.param_groups[0]["lr"] = 7.0
    optimizer.add_param_group({"params": [parameter()]})
    assert scheduler.get_last_lr() == pytest.approx([REFERENCE[3]])


def test_what_get_last_lr_gives_is_a_copy():
    scheduler = PiecewiseLR(sgd(torch.tensor(0.1)), reference_schedule())
    advance(scheduler, 2)
    scheduler.get_last_lr()[0].fill_(5.0)
    assert lr_of(scheduler.optimizer) == pytest.approx(0.1)


def test_a_compiled_optimizer_step_is_not_compiled_again_when_the_learning_rate_changes():
    weights = parameter()
    optimizer = AdamW([weights], lr=torch.tensor(0.1), foreach=False)
    scheduler = PiecewiseLR(optimizer, reference_schedule())
    counter = CompileCounter()
    torch._dynamo.reset()

    @torch.compile(backend=counter)
    def update():
        optimizer.step()

    seen = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the compiled step hides optimizer.step from torch's order check
        for _ in range(8):
            weights.grad = torch.ones(2)
            update()
            seen.append((counter.frame_count, lr_of(optimizer)))
            scheduler.step()
    torch._dynamo.reset()
    frames = [count for count, _ in seen]
    assert frames == [1] * 8
    assert len({lr for _, lr in seen}) == 8


# --- several schedulers, copies, warnings ---


def test_several_schedulers_on_one_optimizer_do_not_spoil_each_other():
    optimizer = sgd()
    first = PiecewiseLR(optimizer, reference_schedule())
    advance(first, 3)
    second = PiecewiseLR(optimizer, piecewise_schedule(0.5).for_steps(4, 0.1, CurveLinear()).schedule())
    assert second.base_lrs == first.base_lrs == [0.1]
    assert lr_of(optimizer) == 0.05
    state = copy.deepcopy(first.state_dict())
    advance(second, 2)
    assert first.state_dict() == state
    assert second.state_dict()["last_epoch"] == 2
    first.load_state_dict(state)
    assert lr_of(optimizer) == pytest.approx(0.07)


@pytest.mark.filterwarnings("ignore:The epoch parameter")  # torch 2.6 warns of its own way
def test_serves_inside_torchs_sequence_of_schedulers():
    optimizer = sgd()
    first = PiecewiseLR(optimizer, piecewise_schedule(0.5).for_steps(2, 1.0, CurveLinear()).schedule())
    second = LambdaLR(optimizer, lambda _: 0.25)
    both = SequentialLR(optimizer, [first, second], milestones=[2])
    seen = [lr_of(optimizer)]
    for _ in range(3):
        optimizer.step()
        both.step()
        seen.append(lr_of(optimizer))
    assert seen == pytest.approx([0.05, 0.075, 0.025, 0.025])


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s))], ids=["copy", "pickle"])
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_a_copy_goes_on_by_itself(duplicate, steps):
    scheduler = PiecewiseLR(sgd(), reference_schedule())
    advance(scheduler, steps)
    twin = duplicate(scheduler)
    assert twin.optimizer is not scheduler.optimizer
    advance(twin, 2)
    assert lr_of(twin.optimizer) == pytest.approx(REFERENCE[steps + 2])
    assert lr_of(scheduler.optimizer) == pytest.approx(REFERENCE[steps])
    assert scheduler.last_epoch == steps


def test_the_right_order_gives_no_warning_and_the_wrong_one_does():
    scheduler = PiecewiseLR(sgd(), reference_schedule())
    advance(scheduler, 2)  # warnings are errors here
    with pytest.warns(MisstepWarning, match="stepped before the first optimizer step"):
        PiecewiseLR(sgd(), reference_schedule()).step()


def test_a_restored_scheduler_gives_no_warning():
    saved = PiecewiseLR(sgd(), reference_schedule())
    advance(saved, 3)
    scheduler = PiecewiseLR(sgd(), reference_schedule())
    scheduler.load_state_dict(saved.state_dict())
    scheduler.step()
    assert scheduler.last_epoch == 4


# --- equal to torch's own ---

CURVES = st.one_of(
    st.sampled_from([CurveLinear(), CurveCosine(), CurveExponential()]), st.floats(0.1, 5.0).map(CurvePoly)
)


@st.composite
def schedules(draw) -> Schedule:
    total = draw(st.integers(1, 40))
    builder = piecewise_schedule(draw(st.floats(0, 2)), total)
    left = total
    while left and draw(st.booleans()):
        steps = draw(st.integers(1, left))
        left -= steps
        builder.for_steps(steps, draw(st.floats(0, 2)), draw(CURVES))
    return builder.fill_rest(draw(st.floats(0, 2)), draw(CURVES)).schedule()


@given(schedules(), st.floats(1e-6, 10), st.booleans())
def test_equals_torchs_lambda_lr_to_the_last_bit(schedule, base_lr, as_tensor):
    def optimizer() -> SGD:
        return sgd(torch.tensor(base_lr, dtype=torch.float64) if as_tensor else base_lr)

    ours, theirs = unwatched(optimizer(), schedule), LambdaLR(optimizer(), schedule.multiplier)
    for _ in range(schedule.total_steps + 2):
        assert lr_of(ours.optimizer) == lr_of(theirs.optimizer)
        assert math.isfinite(lr_of(ours.optimizer))
        for scheduler in (ours, theirs):
            scheduler.optimizer.step()
            scheduler.step()


@given(schedules(), st.data())
def test_resumed_anywhere_equals_undisturbed(schedule, data):
    steps = data.draw(st.integers(0, schedule.total_steps + 2))
    undisturbed, resumed = unwatched(sgd(), schedule), unwatched(sgd(), schedule)
    advance(undisturbed, steps)
    resumed.load_state_dict(undisturbed.state_dict())
    for _ in range(3):
        assert resumed.get_last_lr() == undisturbed.get_last_lr()
        advance(resumed, 1)
        advance(undisturbed, 1)

"""The watch on how a scheduler is stepped: what it accuses, within how many steps, and what it must let pass."""

import copy
import gc
import pickle
import random
import warnings
from types import MappingProxyType

import pytest
import torch
from torch import nn
from torch.amp import GradScaler
from torch.optim import SGD, AdamW, Optimizer
from torch.optim.lr_scheduler import ChainedScheduler, ConstantLR, LambdaLR, SequentialLR

from d9d_lr import CurveLinear, PiecewiseLR, piecewise_schedule
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.provider.guard import IDLE_STEPS, MisstepWarning


@pytest.fixture(autouse=True)
def _no_scaler_of_another_test():
    gc.collect()


def optimizer(kind=SGD):
    weights = nn.Parameter(torch.ones(2))
    weights.grad = torch.ones(2)
    return kind([weights], lr=0.1)


def scheduler_of(of=None, total_steps=1000, policy="error"):
    schedule = piecewise_schedule(0.5, total_steps).fill_rest(1.0, CurveLinear()).schedule()
    return PiecewiseLR(of or optimizer(), schedule, on_misstep=policy)


def play(scheduler, pattern):
    """Steps as a pattern says, O for the optimizer and S for the scheduler."""
    for letter in pattern:
        (scheduler.optimizer if letter == "O" else scheduler).step()


# --- what is accused ---


@pytest.mark.parametrize(
    ("before", "letter", "message"),
    [
        ("OS" * 20, "OS", r"stepped to step 21 of a schedule of 20 steps, and stays at its last value"),
        # The third run of two: OSS OSS OS|S.
        ("OSSOSSOS", "S", r"stepped 2 times for each optimizer step, so its 20 steps end after 10:"),
        ("OSSSOSSSOSS", "S", r"stepped 3 times for each optimizer step, so its 20 steps end after 7:"),
        ("O" * 9, "O", r"the optimizer made 10 steps and the scheduler none, still at step 0 of 20"),
        ("OSOS" + "O" * 9, "O", r"the optimizer made 10 steps and the scheduler none, still at step 2 of 20"),
        # Epochs of few batches, within ten optimizer steps: 5 * 2, 3 * 3, 2 * 4, 2 * 5, 6, 9.
        ("OOS" * 4 + "OO", "S", r"the optimizer makes 2 steps for each of the scheduler, which is at step 5 of 20"),
        ("OOOS" * 2 + "OOO", "S", r"the optimizer makes 3 steps for each of the scheduler, which is at step 3 of 20"),
        ("OOOOS" + "OOOO", "S", r"the optimizer makes 4 steps for each of the scheduler, which is at step 2 of 20"),
        ("OOOOOS" + "OOOOO", "S", r"the optimizer makes 5 steps for each of the scheduler, which is at step 2 of 20"),
        ("O" * 6, "S", r"the optimizer makes 6 steps for each of the scheduler, which is at step 1 of 20"),
        ("O" * 9, "S", r"the optimizer makes 9 steps for each of the scheduler, which is at step 1 of 20"),
        ("", "S", r"stepped before the first optimizer step, so the learning rate of step 0, 0\.05, was not used"),
    ],
)
def test_a_misstep_is_reported(before, letter, message):
    scheduler = scheduler_of(total_steps=20)
    play(scheduler, before)
    with pytest.raises(RunError, match=message + r'(.|\n)*on_misstep="off" silences this'):
        play(scheduler, letter)


def test_eight_processes_are_noticed_by_the_third_optimizer_step():
    scheduler = scheduler_of(policy="warn")
    with pytest.warns(MisstepWarning, match="stepped 8 times for each optimizer step, so its 1000 steps end after 125"):
        play(scheduler, ("O" + "S" * 8) * 3)


def test_it_is_reported_once():
    scheduler = scheduler_of(policy="warn", total_steps=8)
    with pytest.warns(MisstepWarning) as told:
        play(scheduler, ("O" + "S" * 4) * 30)
    assert sorted(str(each.message)[:35] for each in told) == [
        "the scheduler is stepped 4 times fo",
        "the scheduler was stepped to step 9",
    ]
    assert told[0].filename == __file__


def test_off_is_off():
    play(scheduler_of(policy="off", total_steps=8), "S" + "OSSSS" * 10 + "O" * 30)


def test_two_schedulers_in_turn_on_one_optimizer_are_reported():
    of = optimizer()
    first, second = scheduler_of(of), scheduler_of(of)
    of.step()
    first.step()
    second.step()
    of.step()
    with pytest.raises(RunError, match="two schedulers set the learning rate of one SGD in turn"):
        first.step()


def test_a_chain_of_two_schedulers_is_reported():
    of = optimizer()
    both = ChainedScheduler([scheduler_of(of), scheduler_of(of)], optimizer=of)
    of.step()
    both.step()
    of.step()
    with pytest.raises(RunError, match="two schedulers set the learning rate"):
        both.step()


# --- what is let pass; a misstep would raise ---


def test_the_right_way_is_let_pass():
    play(scheduler_of(), "OS" * 1000)


@pytest.mark.parametrize("count", [2, 3, 8])
def test_accumulation_is_let_pass(count):
    """Micro-batches step neither."""
    scheduler = scheduler_of(total_steps=50)
    for batch in range(50 * count):
        scheduler.optimizer.param_groups[0]["params"][0].grad = torch.ones(2)
        if (batch + 1) % count == 0:
            play(scheduler, "OS")


def scaled(scheduler, scaler, skipped):
    """One step with a GradScaler, which skips the optimizer's if a gradient is infinite."""
    (weights,) = scheduler.optimizer.param_groups[0]["params"]
    weights.grad = torch.full((2,), float("inf") if skipped else 1.0)
    scaler.scale(torch.ones(1))  # makes its scale
    scaler.step(scheduler.optimizer)
    scaler.update()
    scheduler.step()


@pytest.mark.parametrize("first", range(10))
def test_optimizer_steps_that_a_scaler_skips_at_the_start_are_let_pass(first):
    scheduler, scaler = scheduler_of(), GradScaler("cpu")
    for step in range(40):
        scaled(scheduler, scaler, skipped=step < first)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("seed", range(3))
def test_optimizer_steps_that_a_scaler_skips_on_the_way_are_let_pass(share, seed):
    scheduler, scaler, draw = scheduler_of(), GradScaler("cpu"), random.Random(seed)
    for _ in range(400):
        scaled(scheduler, scaler, skipped=draw.random() < share)


def test_a_scaler_does_not_hide_stepping_once_per_process():
    scheduler, scaler = scheduler_of(), GradScaler("cpu")
    with pytest.raises(RunError, match="stepped 4 times for each optimizer step"):  # noqa: PT012
        for _ in range(10):
            scaled(scheduler, scaler, skipped=False)
            play(scheduler, "SSS")


@pytest.mark.parametrize("kind", [SGD, AdamW])
@pytest.mark.parametrize("steps", [0, 1, 500])
def test_resuming_is_let_pass(kind, steps):
    saved = scheduler_of(optimizer(kind))
    play(saved, "OS" * steps)
    resumed = scheduler_of(optimizer(kind))
    resumed.optimizer.load_state_dict(saved.optimizer.state_dict())
    resumed.load_state_dict(saved.state_dict())
    play(resumed, "OS" * 30)
    resumed.load_state_dict(saved.state_dict())  # rolled back in mid-run
    play(resumed, "OS" * 30)


@pytest.mark.parametrize("count", [2, 5, 9, 25])
@pytest.mark.parametrize("critic_first", [True, False])
def test_several_optimizers_are_let_pass(count, critic_first):
    """Several steps of the critic for one of the generator, whose schedulers are stepped together."""
    critic, generator = scheduler_of(total_steps=100), scheduler_of(total_steps=100)
    for _ in range(100):
        for each, letters in [(critic, "O" * count), (generator, "O")][:: 1 if critic_first else -1]:
            play(each, letters)
        play(critic, "S")
        play(generator, "S")


def test_the_optimizers_of_one_model_are_no_excuse():
    """As the stages of a pipeline, they are stepped together."""
    stages = [scheduler_of(), scheduler_of()]
    with pytest.raises(RunError, match="the optimizer made 10 steps and the scheduler none"):  # noqa: PT012
        for _ in range(10):
            for stage in stages:
                play(stage, "O")


def test_an_optimizer_of_the_past_is_no_excuse():
    past = scheduler_of()
    play(past, "OS" * 20)
    with pytest.raises(RunError, match="the optimizer makes 5 steps for each of the scheduler"):
        play(scheduler_of(), "OOOOOS" * 2)


def test_an_optimizer_that_is_never_stepped_is_an_excuse_for_100_steps():
    forgotten, scheduler = scheduler_of(), scheduler_of()
    play(scheduler, "OOOOOS" * 20)
    with pytest.raises(RunError, match="the optimizer makes 5 steps for each of the scheduler, which is at step 21"):
        play(scheduler, "OOOOOS")
    assert forgotten.last_epoch == 0


def test_steps_of_the_scheduler_that_are_left_out_now_and_then_are_let_pass():
    play(scheduler_of(), ("OS" * 3 + "OOS" * 2 + "OOOS") * 50)


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_is_watched_by_itself(duplicate):
    scheduler = scheduler_of()
    play(scheduler, "OS" * 5)
    twin = duplicate(scheduler)
    play(twin, "OS" * 20)
    play(scheduler, "OS" * 20)
    with pytest.raises(RunError, match="stepped 2 times for each optimizer step"):
        play(twin, "OSS" * 3)


def test_a_scheduler_that_is_built_anew_is_let_pass():
    """A notebook's cell that is run again; the old scheduler is still about."""
    of = optimizer()
    old = scheduler_of(of)
    play(old, "OS" * 5)
    play(scheduler_of(of), "OS" * 50)
    assert old.last_epoch == 5


@pytest.mark.parametrize("ours_first", [True, False])
@pytest.mark.filterwarnings("ignore:The epoch parameter")
def test_torchs_sequence_of_schedulers_is_let_pass(ours_first):
    of = optimizer()
    ours, theirs = scheduler_of(of), ConstantLR(of, factor=0.5)
    pair = [ours, theirs] if ours_first else [theirs, ours]
    play(SequentialLR(of, pair, milestones=[40]), "OS" * 80)
    first, second = scheduler_of(of), scheduler_of(of)
    play(SequentialLR(of, [first, second], milestones=[40]), "OS" * 80)


def test_another_scheduler_that_took_over_is_let_pass():
    of = optimizer()
    unused = scheduler_of(of)
    play(LambdaLR(of, lambda step: 1 / (step + 1)), "OS" * 30)
    assert unused.last_epoch == 0


def test_a_scheduler_that_is_gone_watches_no_more():
    of = optimizer()
    scheduler_of(of)
    gc.collect()
    assert not of._optimizer_step_post_hooks
    for _ in range(IDLE_STEPS + 5):
        of.step()


class Wrapper(Optimizer):
    """As accelerate's: an Optimizer that was never initialised and passes its steps on."""

    def __init__(self, inside):
        self.optimizer = inside

    param_groups = property(lambda self: self.optimizer.param_groups)
    defaults = property(lambda self: self.optimizer.defaults)
    state = property(lambda self: self.optimizer.state)

    def step(self, closure=None):
        self.optimizer.step(closure)


def test_the_steps_of_a_wrapped_optimizer_are_seen():
    play(scheduler_of(Wrapper(optimizer())), "OS" * 30)
    with pytest.raises(RunError, match="stepped 2 times"):
        play(scheduler_of(Wrapper(optimizer())), "OSS" * 3)


class Blind(Wrapper):
    """Nothing inside counts its steps."""

    param_groups = optimizer().param_groups
    defaults, state = MappingProxyType({}), MappingProxyType({})

    def step(self, closure=None):
        return None


def test_a_wrapper_that_hides_its_steps_is_let_pass():
    play(scheduler_of(Blind(None)), "OS" * 30 + "SSS" * 5)


def test_a_compiled_step_that_hides_the_optimizers_is_let_pass():
    of = optimizer(AdamW)
    of.param_groups[0]["lr"] = torch.tensor(0.1)
    scheduler = scheduler_of(of)
    torch._dynamo.reset()

    @torch.compile(backend="eager")
    def update():
        of.step()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch has some of its own to say; a misstep would raise
        for _ in range(15):
            update()
            scheduler.step()
    torch._dynamo.reset()

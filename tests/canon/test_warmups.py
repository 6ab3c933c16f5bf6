"""The three ways to begin a warmup, step for step, and that a sweep says it where step 0 learns nothing."""

import pytest

from d9d_lr import build_schedule, compose_lr
from helpers.small_runs import command_here

# the option, and the value of step t of W
CONVENTIONS = {
    "linear": lambda t, w: t / w,
    "linear_1_over_w": lambda t, w: (t + 1) / w,
    "linear_1_over_w_plus_1": lambda t, w: (t + 1) / (w + 1),
}


@pytest.mark.parametrize("warmup_steps", [1, 2, 7, 100])
@pytest.mark.parametrize("option", CONVENTIONS)
def test_each_step_of_a_warmup(option, warmup_steps):
    config = compose_lr([f"lr/warmup@lr.phases.0={option}", f"lr.phases.0.steps={warmup_steps}"])
    schedule = build_schedule(config, 1000)
    expected = [CONVENTIONS[option](step, warmup_steps) for step in range(warmup_steps)]
    assert schedule.multipliers(range(warmup_steps)).tolist() == pytest.approx(expected, rel=1e-15)
    assert schedule.multiplier(warmup_steps) == 1.0


LEARNS_NOTHING = "step 0 has learning rate 0 and learns nothing"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["lr=wsd,warmup_cosine"], 1),
        (["lr=wsd,constant"], 1),
        (["lr=constant,linear_to_zero"], 0),
        (["lr/warmup@lr.phases.0=linear_1_over_w,linear_1_over_w_plus_1"], 0),
    ],
)
def test_a_sweep_says_once_that_step_0_learns_nothing(typed, said, in_tmp, capsys):
    status, out, err = command_here(capsys, "-m", *typed, "train.seed=0,1", "sweep.dry_run=true")
    assert status == 0
    lines = [line for line in f"{out}\n{err}".splitlines() if LEARNS_NOTHING in line]
    assert len(lines) == said
    if typed == ["lr=wsd,constant"]:
        assert lines[0].endswith("linear_1_over_w [2 of 4 points]")

import numpy as np
import pytest

from d9d_lr import build_schedule, compose_lr
from d9d_lr.config.in_steps import in_steps


@pytest.mark.parametrize("preset", ["wsd", "warmup_cosine", "step_list", "linear_to_zero"])
@pytest.mark.parametrize(("total_steps", "longer"), [(400, 500), (1000, 1007), (301, 10_000)])
def test_it_is_the_same_schedule_in_a_longer_run(preset, total_steps, longer):
    config = compose_lr([f"lr={preset}"])
    steps = np.arange(longer + 2)
    kept = build_schedule(in_steps(build_schedule(config, total_steps), longer), longer)
    assert kept.multipliers(steps).tolist() == build_schedule(config, total_steps).multipliers(steps).tolist()


def test_phases_become_steps():
    # wsd of 400 steps: a warmup of 100, a hold until 0.8 * 400 = 320, a decay until 400
    phases = in_steps(build_schedule(compose_lr(["lr=wsd"]), 400), 500).scheduler.phases
    assert [(phase.mode, phase.steps) for phase in phases] == [("steps", 100), ("steps", 220), ("steps", 80)]

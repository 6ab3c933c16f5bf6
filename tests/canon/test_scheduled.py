"""Presets of what is scheduled beside the learning rate, against the formulas and the numbers of their sources."""

import math

import pytest
import torch
from torch import nn
from torch.optim import SGD
from torch.optim.lr_scheduler import OneCycleLR

from d9d_lr.composing.compose import compose_checked
from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR
from d9d_lr.training.plan import planned
from d9d_lr.training.resolve import resolve_settings

FOLDERS = ("weight_decay", "momentum", "batch_size")
HERE = {
    "weight_decay/megatron_linear",
    "weight_decay/megatron_cosine",
    "weight_decay/nanochat",
    "momentum/nanochat",
    "momentum/one_cycle",
    "batch_size/megatron_rampup",
    "batch_size/seesaw",
    "batch_size/seesaw_lr",
}


def plan(*overrides):
    return planned(compose_checked(APP_DIR, "config", overrides, resolve_settings))


def values(name, *overrides, total_steps=1000):
    found = plan(f"train.total_steps={total_steps}", *overrides)
    base, schedule = found.base_values[name], found.others()[name]
    return [base * schedule.multiplier(step) for step in range(total_steps)]


def test_every_preset_is_here():
    files = {f"{folder}/{path.stem}" for folder in FOLDERS for path in (SCHEDULES_DIR / "lr" / folder).glob("*.yaml")}
    assert files == HERE


# megatron-core 0.16.1, get_wd: start + (end - start) * coefficient, which is r, or 0.5 (cos(pi (1 - r)) + 1)
MEGATRON = {"linear": lambda r: r, "cosine": lambda r: 0.5 * (math.cos(math.pi * (1 - r)) + 1)}


@pytest.mark.parametrize("style", MEGATRON)
@pytest.mark.parametrize("total_steps", [1000, 1001])
def test_megatrons_weight_decay(style, total_steps):
    found = values("weight_decay", f"+lr@schedules.weight_decay=weight_decay/megatron_{style}", total_steps=total_steps)
    expected = [0.01 + (0.1 - 0.01) * MEGATRON[style](step / total_steps) for step in range(total_steps)]
    assert found == pytest.approx(expected, rel=1e-14)


def test_nanochats_weight_decay():
    found = values("weight_decay", "+lr@schedules.weight_decay=weight_decay/nanochat")
    assert found == pytest.approx(
        [0.1 * 0.5 * (1 + math.cos(math.pi * step / 1000)) for step in range(1000)], abs=1e-16
    )


def nanochat_momentum(it, num_iterations, warmdown_iters):
    """karpathy/nanochat, scripts/base_train.py at 00255c19, get_muon_momentum, from its description."""
    if it < 400:
        return 0.85 + (it / 400) * (0.97 - 0.85)
    if it >= num_iterations - warmdown_iters:
        return 0.97 + ((it - (num_iterations - warmdown_iters)) / warmdown_iters) * (0.90 - 0.97)
    return 0.97


@pytest.mark.parametrize("total_steps", [1143, 2000])
def test_nanochats_momentum(total_steps):
    warmdown = round(0.65 * total_steps)
    preset = ("optimizer=sgd", "+lr@schedules.momentum=momentum/nanochat")
    found = values("momentum", *preset, f"schedules.momentum.warmdown_steps={warmdown}", total_steps=total_steps)
    expected = [nanochat_momentum(step, total_steps, warmdown) for step in range(total_steps)]
    assert found == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("total_steps", [10, 500])
def test_the_momentum_of_torchs_one_cycle(total_steps):
    optimizer = SGD([nn.Parameter(torch.ones(1))], lr=0.1, momentum=0.9)
    scheduler = OneCycleLR(optimizer, max_lr=0.1, total_steps=total_steps, pct_start=0.3)
    expected = []
    for step in range(total_steps):
        expected.append(optimizer.param_groups[0]["momentum"])
        optimizer.step()
        if step < total_steps - 1:
            scheduler.step()
    peak = f"schedules.momentum.peak_step={total_steps * 3 // 10 - 1}"
    preset = ("lr=constant", "optimizer=sgd", "+lr@schedules.momentum=momentum/one_cycle", peak)
    assert values("momentum", *preset, total_steps=total_steps) == pytest.approx(expected, rel=1e-14)


def test_llama_3s_ramp_in_its_own_tokens():
    """With M a million: 63 steps of 4M are 252M; (2.87T - 252M) / 8M are 358 718.5 more."""
    preset = ("lr=models/llama3_405b", "train.batch_size=2048")
    batch = plan("train.total_steps=1200000", *preset).batch_sizes()
    assert batch.sizes() == [512, 1024, 2048]
    ends = [63, 63 + 358_718, 1_200_000]
    assert [phase.end_step for phase in batch.schedule.phases] == ends
    tokens = [16 * 10**6 * batch.samples_before(end) // 2048 for end in ends]
    assert tokens == [252_000_000, 252_000_000 + 358_718 * 8_000_000, 16_329_500_000_000]
    laid_over = plan("train.total_steps=2000", *preset, "lr.stretch=true").batch_sizes()
    # 358 781.5 of 1 200 000 steps are 0.298985 of them
    assert [phase.end_step for phase in laid_over.schedule.phases] == [0, 597, 2000]


def test_seesaw_halves_as_the_cosine_does_and_saves_its_steps():
    # cos(pi x / 2) = 2^-k at x = (2 / pi) acos(2^-k), from the end of the warmup at 0.1 on
    marks = [0.1 + 0.9 * (2 / math.pi) * math.acos(2.0**-k) for k in (1, 2, 3)]
    assert [round(1e6 * mark) for mark in marks] == [700_000, 855_225, 928_192]
    found = plan("+experiment=seesaw", "train.total_steps=100000")
    batch, schedule = found.batch_sizes(), found.schedule()
    assert batch.sizes() == [32, 64, 128, 256]
    ends = [phase.end_step for phase in batch.schedule.phases]
    assert [phase.end_step for phase in schedule.phases[1:]] == ends  # the rate falls where the batch doubles
    # Shares of the steps: 0.7, 0.155225 / 2, 0.072967 / 4 and 0.071808 / 8, 0.804830 in all: a fifth fewer steps for
    # the same examples, where the limit of small factors has 1 - 2 / pi of what follows the warmup, a third.
    length = 0.7 + 0.155225 / 2 + 0.072967 / 4 + 0.071808 / 8
    assert length == pytest.approx(0.804830, abs=1e-6)
    assert ends[0] == math.floor(100_000 * 0.7 / length)
    # a boundary that is floored moves at most one step, which then has the larger batch: 32, 64 and 128 examples more
    assert batch.samples_before(100_000) == pytest.approx(32 * 100_000 / length, abs=32 + 64 + 128)
    for phase, size in zip(schedule.phases[1:], batch.sizes(), strict=True):
        # at each point eta / sqrt 2 and 2 B: eta sqrt B stays
        assert phase.target_multiplier * math.sqrt(size / 32) == pytest.approx(1.0, rel=1e-15)


def test_nanochats_three_schedules_go_together():
    found = plan("+experiment=nanochat_schedules")
    assert set(found.others()) == {"momentum", "weight_decay"}
    assert found.schedule().multiplier(39) == 1.0

"""What a person types: every documented form, alone and under --multirun, through the real command line path."""

import pytest

from d9d_lr import build_schedule
from helpers.running import run_command

ALONE = ()
MULTIRUN = ("--multirun",)


def shape(settings):
    """A schedule in short: (mode, curve, target) of each phase."""
    return [(phase.mode, phase.curve.type, phase.target_multiplier) for phase in settings.lr.scheduler.phases]


WARMUP, HOLD, DECAY = ("steps", "linear", 1.0), ("percentage", "linear", 1.0), ("rest", "linear", 0.1)
WSD = [WARMUP, HOLD, DECAY]

# Lines that give one schedule.
ONE = {
    "": WSD,
    "lr=wsd": WSD,
    "lr=warmup_cosine": [WARMUP, ("rest", "cosine", 0.1)],
    "lr/decay@lr.phases.2=linear": WSD,
    "lr/decay@lr.phases.2=cosine_to_zero": [WARMUP, HOLD, ("rest", "cosine", 0.0)],
    "lr/curve@lr.phases.2.curve=poly": [WARMUP, HOLD, ("rest", "poly", 0.1)],
    "lr/curve@lr.phases.2.curve=poly lr.phases.2.curve.power=0.5": [WARMUP, HOLD, ("rest", "poly", 0.1)],
    "lr=warmup_constant": [WARMUP],
    "lr=warmup_constant +lr/decay@lr.phases.2=linear": [WARMUP, DECAY],
    "lr=warmup_constant +lr/decay@lr.phases.1=cosine": [WARMUP, ("rest", "cosine", 0.1)],
    "~lr/hold@lr.phases.1": [WARMUP, DECAY],
    "lr/hold@lr.phases.1=none": [WARMUP, DECAY],
    "lr/decay@lr.phases.2=none": [WARMUP, HOLD],
    "lr/warmup@lr.phases.0=none lr.initial_multiplier=1.0": [HOLD, DECAY],
    "~lr.phases.1": [WARMUP, DECAY],
    "lr.phases.2.target_multiplier=0": [WARMUP, HOLD, ("rest", "linear", 0.0)],
    "+experiment=cosine_cooldown": [WARMUP, HOLD, ("rest", "cosine", 0.0)],
    "+experiment=seed_example lr=warmup_cosine": [WARMUP, ("rest", "cosine", 0.1)],
    "lr=step_list": [("percentage", "linear", target) for target in (1.0, 0.5, 0.5, 0.25)] + [("rest", "linear", 0.25)],
    "lr/hold@lr.phases.1=for_steps lr.phases.1.steps=300": [WARMUP, ("steps", "linear", 1.0), DECAY],
    "+lr/decay@lr.phases.1=linear lr=warmup_constant": [WARMUP, DECAY],
}


@pytest.mark.parametrize("mode", [ALONE, MULTIRUN], ids=["alone", "multirun"])
@pytest.mark.parametrize("line", ONE)
def test_a_line_gives_one_schedule(line, mode, in_tmp):
    ran = run_command(*line.split(), *mode)
    assert ran.status == 0
    assert [shape(settings) for settings in ran.trained] == [ONE[line]]


@pytest.mark.parametrize("mode", [ALONE, MULTIRUN], ids=["alone", "multirun"])
def test_a_number_of_steps_moves_the_boundary(mode, in_tmp):
    (settings,) = run_command("lr.phases.0.steps=200", *mode).trained
    ends = [phase.end_step for phase in build_schedule(settings.lr, settings.train.total_steps).phases]
    assert ends == [200, 800, 1000]


SWEEPS = {
    "lr.phases.2.target_multiplier=0,0.1": [[WARMUP, HOLD, ("rest", "linear", 0.0)], WSD],
    "lr=wsd,warmup_constant": [WSD, [WARMUP]],
    "lr/decay@lr.phases.2=linear,none": [WSD, [WARMUP, HOLD]],
    "lr/curve@lr.phases.2.curve=linear,cosine": [WSD, [WARMUP, HOLD, ("rest", "cosine", 0.1)]],
    "lr=warmup_constant +lr/decay@lr.phases.2=linear,cosine": [[WARMUP, DECAY], [WARMUP, ("rest", "cosine", 0.1)]],
    "+experiment=seed_example,cosine_cooldown": [WSD, [WARMUP, HOLD, ("rest", "cosine", 0.0)]],
    "lr.phases.0.steps=range(100,300,100)": [WSD, WSD],
    "lr=choice(warmup_constant,wsd)": [[WARMUP], WSD],
}


@pytest.mark.parametrize("line", SWEEPS)
def test_a_line_of_several_values_gives_one_run_for_each(line, in_tmp):
    ran = run_command(*line.split(), "sweep.share_prefixes=false", "--multirun")
    assert ran.status == 0
    assert [shape(settings) for settings in ran.trained] == SWEEPS[line]


def test_an_experiment_may_be_a_sweep_itself(in_tmp):
    ran = run_command("+experiment=wsd_vs_cosine", "sweep.share_prefixes=false", "--multirun")
    assert ran.status == 0
    found = [(len(settings.lr.scheduler.phases), settings.train.seed) for settings in ran.trained]
    assert found == [(3, 0), (3, 1), (2, 0), (2, 1)]


def test_an_interpolation_is_resolved(in_tmp):
    (settings,) = run_command("train.total_steps=400", "lr.phases.0.steps=${train.batch_size}").trained
    assert settings.lr.scheduler.phases[0].steps == 32


LOOKING = {
    "--help": "lr/decay: cosine, cosine_restarts, cosine_to_zero",
    "--cfg job": "total_steps: 1000",
    "--cfg job --resolve": "total_steps: 1000",
    "--cfg job -p lr": "target_multiplier: 0.1",
    "--cfg job -p lr lr.phases.2.target_multiplier=0.25": "target_multiplier: 0.25",
    "--info defaults": "wsd",
}


@pytest.mark.parametrize("line", LOOKING)
def test_looking_trains_nothing_and_writes_nothing(line, in_tmp, capfd):
    ran = run_command(*line.split())
    assert (ran.status, ran.trained) == (0, [])
    assert LOOKING[line] in capfd.readouterr().out
    assert list(in_tmp.iterdir()) == []

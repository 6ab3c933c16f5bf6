"""Bad input on the command line: a sentence with the key, the value and what is allowed; nothing run, nothing written.

A command line with a space inside one argument is written with quotes, as in a shell.
"""

import shlex

import pytest

from d9d_lr.composing.hydra_internals import BEFORE_1_4
from helpers.hints import followed
from helpers.running import files_below, run_command

SWAP_DECAY = "a value merges into what was there before; for another kind, type"
WHOLE = "it must be a whole number from 1 to 9007199254740992"
NUMBER = "it must be a finite number from -1e+100 to 1e+100"
FRACTION = "it must be a finite number from 0.0 to 1.0"

# What is typed, and what must be said.
CASES = {
    # unknown keys
    "lr.phases.0.stpes=200": ["lr.phases.0.stpes: unknown key", "allowed here: curve, mode, steps", "mean 'steps'?"],
    "+lr.phases.0.stpes=200": [
        "lr.phases.0.stpes: unknown key (value 200)",
        "mean 'steps'? to set it, type lr.phases.0.steps=200",
    ],
    "lr.fases.0.steps=200": ["lr.fases: unknown key", "did you mean 'phases'?"],
    "+lr.warmup_steps=5": ["lr.warmup_steps: unknown key (value 5)", "allowed here: initial_multiplier, phases"],
    "lr.phases.7.steps=200": ["no phase 7; there are 0, 1, 2", "type lr.phases.0.steps=200"],
    "train.total_stps=500": ["train.total_stps: unknown key", "did you mean 'total_steps'?"],
    "+trian.seed=1": ["trian: unknown section", "did you mean 'train'? to set it, type train.seed=1"],
    "optimizer.momentum=0.9": ["optimizer.momentum: unknown key", "allowed here: _target_, name, lr, betas"],
    "~lr.phases.8": ["lr.phases.8: cannot be deleted, because it is not there"],
    # positions
    "lr.phases.two.steps=200": ["lr.phases.two.steps: 'two' is not a position; there are 0, 1, 2"],
    "+lr.phases.two.steps=200": ["lr.phases: 'two' is not a position", "whole numbers from 0"],
    # wrong types
    "lr.phases.0.steps=abc": ["lr.phases.0.steps: 'abc' is not allowed", WHOLE],
    "lr.phases.0.steps=1.5": ["lr.phases.0.steps: 1.5 is not allowed", WHOLE],
    "lr.phases.0.steps=true": ["lr.phases.0.steps: true is not allowed", WHOLE],
    "lr.phases.0.steps=null": ["lr.phases.0.steps: null is not allowed", WHOLE],
    "lr.phases.0.steps=": ["lr.phases.0.steps: '' is not allowed", WHOLE],
    "lr.phases.0.steps=[1]": ["lr.phases.0.steps: [1] is not allowed", WHOLE],
    "lr.initial_multiplier=one": ["lr.initial_multiplier: 'one' is not allowed", NUMBER],
    "lr.phases.2.curve=poly": ["lr.phases.2.curve: 'poly' is not allowed", "lr/curve@lr.phases.2.curve=poly"],
    "lr.phases.2=5": ["lr.phases.2: 5 is not allowed; it must be a mapping", SWAP_DECAY],
    "lr.phases=null": ["lr.phases: null is not allowed; it must be a list, or a mapping"],
    "train=5": ["train: must be a mapping of keys to values, not 5"],
    "train.num_threads=0": ["train.num_threads: 0 is not allowed", "auto or a whole number of at least 1"],
    "train.grad_clip_norm=-1": ["train.grad_clip_norm: -1 is not allowed", "a finite number above 0 or null"],
    f"train.resume={'x' * 5000}": ["train.resume: is no path: a part of it has 5000 bytes"],
    "train.device=gpu": ["train.device: 'gpu' is not allowed; it must be auto, cpu or cuda"],
    "optimizer.betas=0.9": ["optimizer.betas: 0.9 is not allowed; it must be a list of 2 values"],
    # numbers out of range
    "lr.phases.0.steps=0": ["lr.phases.0.steps: 0 is not allowed", WHOLE],
    "lr.phases.0.steps=-5": ["lr.phases.0.steps: -5 is not allowed", WHOLE],
    "lr.phases.0.steps=9999999999999999999": ["lr.phases.0.steps: 9999999999999999999 is not allowed", WHOLE],
    "lr.phases.1.percentage=1.5": ["lr.phases.1.percentage: 1.5 is not allowed", FRACTION],
    "lr.phases.1.percentage=80": ["80 is not allowed", FRACTION, "it is a fraction: did you mean 0.8?"],
    "lr.phases.1.percentage=80%": ["'80%' is not allowed", FRACTION, "it is a fraction: did you mean 0.8?"],
    "lr.phases.1.percentage=-0.1": ["lr.phases.1.percentage: -0.1 is not allowed", FRACTION],
    "lr.phases.1.percentage=nan": ["lr.phases.1.percentage: nan is not allowed", FRACTION],
    "lr.phases.2.target_multiplier=nan": ["lr.phases.2.target_multiplier: nan is not allowed", NUMBER],
    "lr.phases.2.target_multiplier=-inf": ["lr.phases.2.target_multiplier: -inf is not allowed", NUMBER],
    "lr.initial_multiplier=1e300": ["lr.initial_multiplier: 1e+300 is not allowed", NUMBER],
    "optimizer.lr=nan": ["optimizer.lr: nan is not allowed", "of at least 0"],
    "optimizer.betas=[0.9,1.0]": ["optimizer.betas.1: 1.0 is not allowed", "at least 0.0 and below 1.0"],
    "train.total_steps=0": ["train.total_steps: 0 is not allowed", WHOLE],
    "train.total_steps=-1": ["train.total_steps: -1 is not allowed", WHOLE],
    "train.seed=-1": ["train.seed: -1 is not allowed", "from 0 to 4294967295"],
    "lr/curve@lr.phases.2.curve=poly lr.phases.2.curve.power=0": ["lr.phases.2.curve.power: 0", "above 0"],
    "task.heads=3": ["task.width: 64 cannot be divided among task.heads, 3"],
    "optimizer=sgd optimizer.nesterov=true optimizer.momentum=0": ["optimizer.nesterov: ", "momentum above 0"],
    # phases that do not fit
    "train.total_steps=50": ["lr.phases.0.steps: up to here the phases need 100 steps, total_steps is 50"],
    "lr.phases.0.steps=900": ["lr.phases.1.percentage: 0.8 of 1000 steps ends at step 800, before step 900"],
    "lr.phases.1.percentage=0.05": ["lr.phases.1.percentage: 0.05 of 1000 steps ends at step 50, before step 100"],
    "~lr.phases.0 ~lr.phases.1 ~lr.phases.2": ["lr.phases: there are none; a schedule needs at least one phase"],
    "~lr.phases": ["lr.phases: is missing"],
    "~lr": ["lr.initial_multiplier: is missing", "lr.phases: is missing"],
    "lr=warmup_constant +lr/decay@lr.phases.7=linear +lr/decay@lr.phases.9=linear": [
        "lr.phases.7.mode: phase 2 of 3 has mode rest; only the last one may"
    ],
    # amounts
    "lr/hold@lr.phases.1=until_amount lr.phases.1.tokens=1M": [
        "lr.phases.1.fraction: 0.8 stands beside tokens, 1000000, and only one of them may",
        "type lr.phases.1.fraction=null",
    ],
    "lr/hold@lr.phases.1=until_amount lr.phases.1.fraction=null": ["fraction: is missing; there must be one"],
    "task=digits lr/hold@lr.phases.1=until_amount lr.phases.1.fraction=null lr.phases.1.tokens=2M": [
        "lr.tokens_per_step: is missing; phases.1 needs it",
        "type lr.tokens_per_step=NUMBER",
    ],
    "task=digits lr/hold@lr.phases.1=until_amount lr.phases.1.fraction=null lr.phases.1.tokens=1M": [
        "lr.tokens_per_step: is missing; phases.1 needs it"
    ],
    "+lr.phases.2.target_lr=1e-5": ["lr.phases.2.target_multiplier: 0.1 stands beside target_lr, 1e-05"],
    # kinds that are not there
    "lr.phases.0.mode=stepz": ["lr.phases.0.mode: 'stepz' is not allowed", "steps, percentage, rest,", "mean 'steps'"],
    "lr.phases.2.curve.type=cosin": ["lr.phases.2.curve.type: 'cosin' is not allowed", "did you mean 'cosine'?"],
    "lr=wsdd": ["lr: 'wsdd' is not one of constant,", "did you mean 'wsd'?"],
    "lr/decay@lr.phases.2=lnear": ["lr/decay@lr.phases.2: 'lnear' is not one of cosine,", "did you mean 'linear'?"],
    "optimizer=adam": ["optimizer: 'adam' is not one of adamw, custom, sgd", "did you mean 'adamw'?"],
    "+experiment=seed_exmple": ["experiment: 'seed_exmple' is not one of", "did you mean 'seed_example'?"],
    "lr/deccay@lr.phases.2=linear": ["lr/deccay: there is no such config group", "did you mean 'lr/decay'?"],
    # what a value override leaves behind
    "lr.phases.0.mode=rest": [
        "lr.phases.0.steps: unknown key (value 100)",
        "of lr/warmup, type lr/warmup@lr.phases.0=poly",
    ],
    "'lr.phases.2={mode: steps, steps: 5}'": ["lr.phases.2.steps: unknown key 'steps'", SWAP_DECAY],
    "'lr.phases.1={mode: rest, target_multiplier: 1.0}'": [
        "lr.phases.1.percentage: unknown key (value 0.8)",
        "lr/hold@lr.phases.1=",
    ],
    "+lr.phases.2.curve.power=2": ["lr.phases.2.curve.power: unknown key", "lr/curve@lr.phases.2.curve="],
    "lr/curve@lr.phases.2.curve=poly lr.phases.2.curve.type=linear": [
        "lr.phases.2.curve.power: unknown key (value 2.0)"
    ],
    "lr.phases.1={}": ["lr.phases.1: {} merges into what is there and changes nothing", "type ~lr.phases.1"],
    # Hydra's traps
    "lr/decay=linear": ["lr/decay: this group needs a place", "type lr/decay@lr.phases.2=linear"],
    "lr/curve=poly": ["lr/curve: this group needs a place", "lr/curve@lr.phases."],
    "lr/decay@lr.phases.9=linear": ["lr/decay@lr.phases.9: is not part", "type lr/decay@lr.phases.2=linear"],
    "lr/decay@phases.2=linear": ["lr/decay@phases.2: is not part", "type lr/decay@lr.phases.2=linear"],
    "lr/decay@lr.phases.2=null": ["null is not the name of an option", "type lr/decay@lr.phases.2=none"],
    "lr=null": ["lr: null is not the name of an option"],
    "lr=5": ["lr: 5 is not the name of an option"],
    "+lr=constant": ["lr: is chosen already", "type lr=constant"],
    "lr.phases[0].steps=3": ["lr.phases[0].steps=3: does not parse", "type lr.phases.0.steps=3"],
    "lr=step_list ~lr.phases.1": ["lr.phases.1: cannot be deleted from a list", "lr=wsd"],
    "lr=step_list lr.phases.9.percentage=0.1": ["lr.phases.9.percentage: no such key in a list", "lr=wsd"],
    "lr=step_list +lr/decay@lr.phases.2=linear": ["lr/decay@lr.phases.2: ", "there is a list", "lr=wsd"],
    "lr.phases=[]": ["lr.phases: is a mapping from position to phase, and a list cannot take its place"],
    "lr.phases.0={mode: rest}": ["lr.phases.0={mode:: does not parse", "put it in quotes"],
    "lr.phases.0.steps": ["lr.phases.0.steps: is not an override", "type lr.phases.0.steps=100"],
    "lr.phases.0.steps=1,2": ["lr.phases.0.steps: has several values", "add --multirun"],
    "experiment=short_warmup": ["experiment: is not in the defaults list", "type +experiment=short_warmup"],
    # what is not set, or leads nowhere
    "lr.phases.0.steps=???": ["lr.phases.0.steps: must be set; it is ???"],
    "lr=???": ["lr: must be chosen", "its options are constant,"],
    "hydra.mode=foo": ["hydra.mode: Invalid value 'foo'"],
    "train.total_steps=???": ["train.total_steps: must be set; it is ???"],
    "'lr.phases.0.steps=${nowhere.at.all}'": ["lr.phases.0.steps: cannot be resolved", "'nowhere.at.all' not found"],
    "'lr.phases.0.steps=${lr.phases.0.steps}'": ["lr.phases.0.steps: cannot be resolved", "ecursive"],
    "'lr.phases.0.steps=${oc.env:NO_SUCH_VARIABLE}'": ["cannot be resolved", "NO_SUCH_VARIABLE"],
    "'lr.phases.0.steps=${no_such_resolver:1}'": ["cannot be resolved", "no_such_resolver"],
    # parts of one's own
    "optimizer=custom": ["optimizer._target_: is missing", "optimizer=adamw"],
    "task=custom": ["task._target_: is missing", "task=charlm"],
    "optimizer=custom optimizer._target_=torch.optim.Adamm": ["'torch.optim.Adamm' cannot be imported", "mean 'Adam'?"],
    "task._target_=no.such.Module": ["task._target_: 'no.such.Module' cannot be imported", "No module named 'no'"],
    "task._target_=math.pi": ["task._target_: 'math.pi' is a float, not a callable"],
    "lr._target_=no_such": ["lr._target_: 'no_such' cannot be imported"],
    # what other programs call it, what stands elsewhere, and what is written in other ways
    "lr.peak=0.01": ["lr.peak: unknown key 'peak'", "type optimizer.lr=0.01"],
    "lr.warmup=20": ["lr.warmup: unknown key 'warmup'", "type lr.phases.0.steps=20"],
    "+lr.warmup_steps=20": ["lr.warmup_steps: unknown key (value 20)", "type lr.phases.0.steps=20"],
    "min_lr_ratio=0.05": ["min_lr_ratio: unknown key", "type lr.phases.2.target_multiplier=0.05"],
    "seed=3": ["seed: unknown key 'seed'", "type train.seed=3"],
    "steps=10%": [
        "steps: unknown key 'steps'",
        "10% of train.total_steps, 1000, are 100 steps",
        "lr.phases.0.steps=100",
    ],
    "lr.phases.0.steps=10%": ["'10%' is not allowed", "type lr.phases.0.steps=100"],
    "lr.phases.2.target_multiplier=10%": ["'10%' is not allowed", "it is a fraction", "target_multiplier=0.1"],
    "phases.2.curve=cosine": ["phases: unknown key 'phases'", "type lr/curve@lr.phases.2.curve=cosine"],
    "decay=cosine": ["decay: unknown key 'decay'", "type lr/decay@lr.phases.2=cosine"],
    "lr.decay=cosine": ["lr.decay: unknown key 'decay'", "type lr/decay@lr.phases.2=cosine"],
    "+lr/decay=cosine": ["lr.decay: unknown key", "type lr/decay@lr.phases.2=cosine"],
    "+lr.phases.0.steps=5": ["lr.phases.0.steps: is there already", "type lr.phases.0.steps=5"],
    "lr.phases.2.curve.power=3": ["unknown key 'power'", "lr/curve@lr.phases.2.curve=poly lr.phases.2.curve.power=3"],
    "optimizer._target_=torch.optim.Adam optimizer.amsgrad=true": [
        "unknown key 'amsgrad'",
        "type +optimizer.amsgrad=true",
    ],
    # kinds of a phase
    "lr.phases.1.mode=steps": ["lr.phases.1.steps: is missing", "type lr/hold@lr.phases.1=for_steps"],
    "lr.phases.1.mode=steps lr.phases.1.steps=50": ["type lr/hold@lr.phases.1=for_steps lr.phases.1.steps=50"],
    "lr=warmup_constant lr.phases.1.steps=50": ["type +lr/hold@lr.phases.1=for_steps lr.phases.1.steps=50"],
    "lr.phases.2.curve=[1]": ["a mapping of keys to values, and a list cannot", "type lr/curve@lr.phases.2.curve="],
    "'lr.phases={1: {mode: rest}}'": ["lr.phases: "],
    "lr=step_list 'lr.phases={0: {mode: rest}}'": ["lr.phases: is a list, and a mapping cannot", "type lr=wsd"],
    "lr=step_list lr.phases.1.curve.power=2": ["no such key in a list", "type lr=wsd"],
    "optimizer.betas.7=0.5": ["optimizer.betas.7: no such key in a list"],
    # places that are taken, and places that are not there
    "lr=warmup_constant lr/decay=linear": ["lr/decay: this group needs a place", "type +lr/decay@lr.phases.1=linear"],
    "lr=warmup_constant lr/decay@lr.phases.0=linear": [
        "its place is taken: lr.phases.0 holds lr/warmup=linear",
        "type '~lr/warmup@lr.phases.0' +lr/decay@lr.phases.0=linear",
    ],
    "lr=warmup_constant +lr/decay@lr.phases.0=linear": [
        "its place is taken: lr.phases.0 holds lr/warmup=linear",
        "type '~lr/warmup@lr.phases.0' +lr/decay@lr.phases.0=linear",
    ],
    "+lr/decay@lr.phases.2=cosine": ["lr/decay@lr.phases.2: ", "type lr/decay@lr.phases.2=cosine"],
    "+lr/hold@lr.phases.2=for_steps": [
        "its place is taken: lr.phases.2 holds lr/decay=linear",
        "type lr/hold@lr.phases.1=for",
    ],
    "lr@lr.x=wsd": ["lr@lr.x: is not part of this schedule", "type lr=wsd"],
    "lr/curve@lr.phases.2.curve=null": ["null is not the name of an option", "its options are "],
    "~lr/curve@lr.phases.2.curve=exponential": [
        "is linear here, and not exponential",
        "type lr/curve@lr.phases.2.curve=",
    ],
    "~lr.phases.0.steps=3": ["lr.phases.0.steps: is 100; it is deleted without a value"],
    "~lr/decay@lr.phases.7": ["cannot be deleted, because it is not there; there are 0, 1, 2"],
    "lr=a,b": ["lr: 'a' is not one of constant,"],
    "optimizer=[1]": ["optimizer: [1] is not the name of an option", "its options are adamw, custom, sgd"],
    # what does not parse
    "lr.phases.01.steps=5": ["does not parse", "a position is a whole number behind a dot"],
    "lr.phases.01.percentage=0.5": ["does not parse", "type lr.phases.1.percentage=0.5"],
    "lr.phases.00.steps=5": ["does not parse", "type lr.phases.0.steps=5"],
    "lr.phases.-1.steps=5": ["does not parse", "positions are counted from 0"],
    "optimizer.betas=[0.9, 0.95]": ["put it in quotes, so that the shell", "type 'optimizer.betas=[0.9, 0.95]'"],
    "task.layers": ["task.layers: is not an override", "type task.layers=2"],
    "lr/decay@lr.phases.2": ["is not an override", "type lr/decay@lr.phases.2=linear"],
    "foo": ["foo: is not an override", "an override is KEY=VALUE"],
    "=5": ["=5: has no key", "an override is KEY=VALUE"],
    "=": ["=: has no key", "an override is KEY=VALUE"],
    "~": ["~: has no key", "an override is KEY=VALUE"],
    "'hydra.job.name=a (1)'": ["does not parse", "type 'hydra.job.name=\"a (1)\"'"],
    # flags
    "--config-name nosuch": ["--config-name: ", "'nosuch'"],
    "--config-dir /no/such/folder": ["--config-dir: there is no folder '/no/such/folder'"],
}


# Hydra 1.4 takes these as they are meant; the number of phases that they give then.
SINCE_1_4 = {"lr.phases[0].steps=3": 3, "lr=step_list ~lr.phases.1": 4}


def refused_here(cases):
    """The cases that the installed version of Hydra refuses."""
    return [line for line in cases if BEFORE_1_4 or not line.startswith(tuple(SINCE_1_4))]


@pytest.mark.skipif(BEFORE_1_4, reason="refused by this version of Hydra")
@pytest.mark.parametrize("line", SINCE_1_4)
def test_what_hydra_takes_since_1_4_gives_the_schedule_that_is_meant(line, in_tmp):
    ran = run_command(*shlex.split(line))
    assert ran.status == 0
    assert len(ran.trained[0].lr.scheduler.phases) == SINCE_1_4[line]


# Hints that name no override to type, and what they ask for.
PROSE = {
    "add --multirun": ["--multirun"],
    "shorten the phases or raise total_steps": ["train.total_steps=2000"],
}


@pytest.mark.parametrize("line", refused_here(CASES))
def test_bad_input_is_reported_with_hints_that_run_and_nothing_is_done(line, in_tmp, capfd):
    ran = run_command(*shlex.split(line))
    said = capfd.readouterr()
    assert (ran.status, ran.trained) == (2, [])
    for part in CASES[line]:
        assert part in said.err
    assert "Traceback" not in said.err
    assert said.out == ""
    assert files_below(in_tmp) == []
    instead = followed(line, said.err, PROSE)
    if instead is not None:
        again = run_command(*instead)
        assert (again.status, len(again.trained) > 0) == (0, True), (instead, capfd.readouterr().err)


def test_there_are_at_least_sixty_cases():
    assert len(CASES) >= 60


def test_all_problems_are_reported_at_once(in_tmp, capfd):
    line = "lr.phases.0.steps=-1 lr.phases.2.curve.type=sine train.seed=x optimizer.lr=-1 task.layers=0"
    assert run_command(*line.split()).status == 2
    said = capfd.readouterr().err
    assert said.startswith("5 problems in the configuration:\n")
    for key in ("lr.phases.0.steps", "lr.phases.2.curve.type", "train.seed", "optimizer.lr", "task.layers"):
        assert f"\n  {key}: " in said


# A sweep tells of its points in a table, so here the key and the message are looked for one by one.
MULTIRUN_CASES = {
    "lr=wsd,wsdd": ["'wsdd' is not one of constant,", "did you mean 'wsd'?"],
    "lr.phases.0.stpes=100,200": ["lr.phases.0.stpes", "unknown key", "did you mean 'steps'?"],
    "lr.phases[0].steps=3,4": ["lr.phases[0].steps=3,4", "does not parse", "type lr.phases.0.steps=3,4"],
    "lr/decay=linear,cosine": ["lr/decay", "this group needs a place"],
    "lr.phases.0.steps=-1,-2": ["lr.phases.0.steps", "-1 is not allowed", WHOLE],
    "lr=step_list ~lr.phases.1": ["lr.phases.1", "cannot be deleted from a list"],
}


@pytest.mark.parametrize("line", refused_here(MULTIRUN_CASES))
def test_bad_input_is_reported_under_multirun_too(line, in_tmp, capfd):
    ran = run_command(*line.split(), "--multirun")
    said = capfd.readouterr().err
    assert ran.status != 0
    assert ran.trained == []
    told = " ".join(said.split())
    for part in MULTIRUN_CASES[line]:
        for words in part.split(": ", 1):  # a sweep tells key and problem in two columns
            assert words in told
    assert "Traceback" not in said

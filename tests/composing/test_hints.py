"""Every hint about a command line: what is typed, the hint, and what is typed instead, which runs.

`tests/packaging/test_every_hint.py` asks for a row here, or in a test of another room, for each hint that there is.
"""

import shlex

import pytest

from d9d_lr import ConfigError, compose_lr, resolve_lr
from helpers.running import run_command

LIST = (
    "this schedule holds a plain list, whose phases cannot be added, removed or swapped; write the whole list into a "
    "file of your own, or, for one whose phases have positions, type "
)
LLAMA_3 = "lr=models/llama3_405b lr.stretch=true"
MERGES = "a value merges into what was there before; for another kind"

# (what is typed, the hint, what is typed instead)
ROWS = [
    (
        "lr=warmup_constant lr.phases.1.steps=50",
        "to add a phase there, type ",
        "lr=warmup_constant +lr/hold@lr.phases.1=for_steps lr.phases.1.steps=50",
    ),
    ("lr=models/llama3_405b", "type lr.stretch=true to lay its shape over the run", LLAMA_3),
    ("+lr=constant", "to choose another, type lr=constant", "lr=constant"),
    ("lr/decay=linear", "to choose it where that group stands, type ", "lr/decay@lr.phases.2=linear"),
    ("~lr/hold@lr.phases.1=none", "to choose the other, type ", "lr/hold@lr.phases.1=none"),
    ("lr.phases=[]", "to leave a phase out, type ", "~lr.phases.1"),
    ("lr.phases.1={}", "to leave it out, type ~lr.phases.1", "~lr.phases.1"),
    ("lr/decay@lr.phases.2=null", "to leave it out, type ", "lr/decay@lr.phases.2=none"),
    ("experiment=short_warmup", "to add it, type ", "+experiment=short_warmup"),
    (
        "optimizer._target_=torch.optim.Adam optimizer.amsgrad=true",
        "to pass it to the _target_, type ",
        "optimizer._target_=torch.optim.Adam +optimizer.amsgrad=true",
    ),
    ("task.layers", "give it a value; to leave it as it is, type ", "task.layers=2"),
    ("lr", "give it an option; to leave it as it is, type ", "lr=wsd"),
    ("lr.phases.2.target_multiplier=5%", "it is a fraction; to set it, type ", "lr.phases.2.target_multiplier=0.05"),
    ("lr.phases.0.steps=5%", "5% of train.total_steps, 1000, are 50 steps; to set it, type ", "lr.phases.0.steps=50"),
    ("+lr/decay@lr.phases.2=cosine", "to choose another, type ", "lr/decay@lr.phases.2=cosine"),
    ("+lr/decay@lr.phases.2=linear", "to choose another option there, type ", "lr/decay@lr.phases.2=linear"),
    ("lr=constant lr.phases=[]", "write the whole list into a file of your own", "lr=constant"),
    ("phases.2.curve=cosine", "to choose another there, type ", "lr/curve@lr.phases.2.curve=cosine"),
    (
        "lr=warmup_constant lr/decay=linear",
        "to add a phase there, type ",
        "lr=warmup_constant +lr/decay@lr.phases.1=linear",
    ),
    (
        "lr=warmup_constant lr/decay@lr.phases.0=linear",
        "to have it in the place of the other, type ",
        "lr=warmup_constant ~lr/warmup@lr.phases.0 +lr/decay@lr.phases.0=linear",
    ),
    ("lr.phases.1.mode=steps", f"{MERGES}, type ", "lr/hold@lr.phases.1=for_steps"),
    ("lr.phases.2=5", f"{MERGES}, type ", "lr/decay@lr.phases.2=poly"),
    ("lr.phases.0.mode=rest", f"{MERGES} of lr/warmup, type ", "lr/warmup@lr.phases.0=poly"),
    ("seed=3", "to set it, type ", "train.seed=3"),
    ("lr.phases.00.steps=5", "for a phase by its position, type ", "lr.phases.0.steps=5"),
    ("'hydra.job.name=a (1)'", "for a text with special characters, type ", "'hydra.job.name=\"a (1)\"'"),
    (
        "optimizer.betas=[0.9, 0.95]",
        "put it in quotes, so that the shell keeps it in one piece, type ",
        "'optimizer.betas=[0.9, 0.95]'",
    ),
    ("lr=step_list lr.phases.9.percentage=0.1", LIST, "lr=wsd"),
    ("task=custom", "for a packaged one, type ", "task=charlm"),
    # what a flag, a file or another number mends
    ("lr.phases.0.steps=10,20", "add --multirun to run each of them, or write a list", "lr.phases.0.steps=10,20 -m"),
    ("lr=wsd,constant", "add --multirun to run each of them", "lr=wsd,constant -m"),
    (
        "+experiment=wsd_vs_cosine",
        "add --multirun to run each point; for one run without those values, type hydra.mode=RUN",
        "+experiment=wsd_vs_cosine -m",
    ),
    ("+experiment=wsd_vs_cosine", "type hydra.mode=RUN", "+experiment=wsd_vs_cosine hydra.mode=RUN"),
    ("lr.phases.01.steps=5", "a position is a whole number behind a dot, as in phases.1", "lr.phases.0.steps=5"),
    ("lr.phases.-1.percentage=0.5", "positions are counted from 0", "lr.phases.1.percentage=0.5"),
    (
        "lr.phases.0={mode: steps}",
        "put it in quotes, so that the shell keeps it in one piece",
        "'lr.phases.0={mode: steps}'",
    ),
    ("lr=null", "its options are ", "lr=constant"),
    ("train.total_steps=50", "shorten the phases or raise total_steps", "train.total_steps=2000"),
    # other schedules
    (
        "lr@schedules.weight_decay=linear_to_zero",
        "to schedule that too, type ",
        "+lr@schedules.weight_decay=linear_to_zero",
    ),
    (
        "+lr@schedules.groups.head.lr=constant",
        "optimizer.groups says which parameters it has",
        "+optimizer.groups.head.parameters=[head.*] +lr@schedules.groups.head.lr=constant",
    ),
    (
        "lr._target_=torch.optim.lr_scheduler.LambdaLR +lr@schedules.weight_decay=constant",
        "take a schedule from the group lr, such as lr=wsd",
        "lr=wsd +lr@schedules.weight_decay=constant",
    ),
    (
        f"{LLAMA_3} lr.batch_size.phases.0.tokens=null +lr.batch_size.phases.0.fraction=0.1",
        "write it in the published units",
        f"{LLAMA_3} lr.batch_size.phases.0.tokens=0.1T",
    ),
    # sweeps
    (
        "-m lr.phases.0.steps=10,0",
        "to leave such points out, type sweep.on_invalid=drop",
        "-m lr.phases.0.steps=10,0 sweep.on_invalid=drop",
    ),
    (
        "-m 'optimizer.lr=interval(0.1,0.2)'",
        "list the values, use range(start,stop,step), or search with hydra/sweeper=optuna",
        "-m 'optimizer.lr=range(0.1,0.2,0.05)'",
    ),
    (
        "-m train.seed=1,2 'sweep.zip=[[train.sed]]'",
        "did you mean 'train.seed'?",
        "-m train.seed=1,2 'sweep.zip=[[train.seed]]'",
    ),
    (
        "-m train.seed=1,2 'sweep.prune={first_step: 5000}'",
        "name one at which they are evaluated, after their warmups and before their ends",
        "-m train.seed=1,2 'sweep.prune={first_step: 200}'",
    ),
]


@pytest.mark.parametrize(("line", "hint", "instead"), ROWS)
def test_what_a_hint_says_to_type_runs(line, hint, instead, in_tmp, capfd):
    assert run_command(*shlex.split(line)).status == 2
    said = " ".join(capfd.readouterr().err.split())
    assert " ".join(hint.split()) in said
    if hint.endswith("type "):
        for word in shlex.split(instead):
            assert word in said or word in line  # what is printed is what runs
    ran = run_command(*shlex.split(instead))
    assert (ran.status, len(ran.trained) > 0) == (0, True), capfd.readouterr().err


def test_a_value_where_a_schedule_belongs_says_what_to_write():
    hint = "to have schedules there, put - lr@critic: wsd into the defaults list"
    with pytest.raises(ConfigError, match=f"critic: must be a schedule, not 0.1\n *{hint}"):
        resolve_lr(0.1, key="critic")
    resolve_lr(compose_lr(["lr=wsd"]).model_dump()["scheduler"], 1000, key="critic")


def test_compose_lr_gives_the_same_hints():
    with pytest.raises(ValueError, match=r"type lr/decay@lr\.phases\.2=cosine") as caught:
        compose_lr(["lr/decay=cosine"])
    compose_lr([str(caught.value).rpartition("type ")[2]])

"""Point 7: keys that advance together."""

from pathlib import Path

import pytest
from sweep_files import folders

WARMUP_AND_STEPS = ("lr=warmup_cosine", "lr.phases.0.steps=10,20,30", "train.total_steps=100,200,300")


def test_zipped_keys_advance_together_and_cross_the_others(sweep):
    done = sweep(*WARMUP_AND_STEPS, "train.seed=0,1", "sweep.zip=[[lr.phases.0.steps,train.total_steps]]")
    assert done.status == 0
    assert folders("s") == [
        f"lr.phases.0.steps={warmup},train.seed={seed},train.total_steps={steps}"
        for warmup, steps in ((10, 100), (20, 200), (30, 300))
        for seed in (0, 1)
    ]


def test_one_group_needs_no_inner_brackets(sweep):
    sweep(*WARMUP_AND_STEPS, "sweep.zip=[lr.phases.0.steps,train.total_steps]")
    assert len(folders("s")) == 3


def test_zip_and_params_in_a_file(sweep, in_tmp):
    (in_tmp / "together.yaml").write_text(
        "defaults: [config, _self_]\n"
        "sweep:\n  zip: [[train.total_steps, optimizer.lr], [train.seed, train.batch_size]]\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n"
        "      train.total_steps: 200,400\n      optimizer.lr: 0.1,0.2\n"
        "      train.seed: 0,1\n      train.batch_size: 4,8\n"
    )
    done = sweep("-cd", str(in_tmp), "-cn", "together")
    assert done.status == 0, done.err
    assert [name.split(",")[0] for name in folders("s")] == [
        "optimizer.lr=0.1",
        "optimizer.lr=0.1",
        "optimizer.lr=0.2",
        "optimizer.lr=0.2",
    ]


def test_groups_of_config_groups_can_be_zipped(sweep):
    sweep("lr/decay@lr.phases.2=linear,cosine", "train.seed=0,1", "sweep.zip=[[lr/decay@lr.phases.2,train.seed]]")
    assert folders("s") == ["lr.decay@lr.phases.2=cosine,train.seed=1", "lr.decay@lr.phases.2=linear,train.seed=0"]


@pytest.mark.parametrize(
    ("zipped", "told"),
    [
        (
            "[[lr.phases.0.steps,train.seed]]",
            "keys that advance together need equal lengths; lr.phases.0.steps has 3, train.seed has 2",
        ),
        (
            "[[lr.phases.0.steps,train.sede]]",
            "train.sede is not swept; these are: lr.phases.0.steps, train.total_steps",
        ),
        ("[[train.seed,lr]]", "lr is not swept"),
        ("[[train.seed],[train.seed]]", "train.seed is named 2 times"),
        ("3", "sweep.zip"),
    ],
)
def test_groups_that_do_not_fit(sweep, zipped, told):
    done = sweep(*WARMUP_AND_STEPS, "train.seed=0,1", f"sweep.zip={zipped}")
    assert done.status == 2
    assert told in done.err
    assert not Path("s").exists()

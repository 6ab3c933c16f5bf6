"""`sweep.union`: parts of overrides whose points are joined, each crossed with the keys outside."""

from pathlib import Path

import pytest
from sweep_files import folders, rows, times_run

from d9d_lr.composing.application import open_application
from d9d_lr.sweeping.plan import points_of

PARTS = "sweep.union=['lr=wsd lr.phases.0.steps=5,10','lr=linear_to_zero']"


def test_each_part_is_crossed_with_the_keys_outside(sweep):
    done = sweep("train.seed=0,1", PARTS)
    assert done.status == 0, done.err
    assert folders("s") == [
        "lr=linear_to_zero,train.seed=0",
        "lr=linear_to_zero,train.seed=1",
        "lr=wsd,lr.phases.0.steps=10,train.seed=0",
        "lr=wsd,lr.phases.0.steps=10,train.seed=1",
        "lr=wsd,lr.phases.0.steps=5,train.seed=0",
        "lr=wsd,lr.phases.0.steps=5,train.seed=1",
    ]  # 2 seeds x (2 + 1)


def test_the_same_sweep_in_a_file(sweep, in_tmp):
    (in_tmp / "joined.yaml").write_text(
        "defaults: [config, _self_]\n"
        "sweep:\n  union:\n    - [lr=wsd, 'lr.phases.0.steps=5,10']\n    - lr=linear_to_zero\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      train.seed: 0,1\n"
    )
    assert sweep("-cd", str(in_tmp), "-cn", "joined").status == 0
    there = folders("s")
    assert sweep("train.seed=0,1", PARTS, folder="t").status == 0
    assert folders("t") == there
    assert "6 points in s, 6 of them completed before" in sweep("train.seed=0,1", PARTS).out


def test_what_two_parts_reach_is_one_point(sweep):
    done = sweep("sweep.union=['train.seed=0,1','train.seed=1,2','optimizer.lr=0.5']", "optimizer.lr=0.1")
    assert done.status == 0
    assert "point 2 (train.seed=1) has the same configuration as train.seed=1, which runs once" in done.out
    assert times_run("s") == {"optimizer.lr=0.5": 1, "train.seed=0": 1, "train.seed=1": 1, "train.seed=2": 1}
    # The part's own value wins over the one outside; what a part does not set is known from its configuration.
    assert [(row["optimizer.lr"], row["train.seed"]) for row in rows("s")] == [
        ("0.1", "0"),
        ("0.5", "0"),
        ("0.1", "1"),
        ("0.1", "2"),
    ]


def test_keys_of_a_part_may_advance_together(sweep):
    sweep(
        "sweep.union=['lr=wsd lr.phases.0.steps=5,10 optimizer.lr=0.1,0.2','lr=linear_to_zero']",
        "sweep.zip=[[lr.phases.0.steps,optimizer.lr]]",
    )
    assert folders("s") == [
        "lr=linear_to_zero",
        "lr=wsd,lr.phases.0.steps=10,optimizer.lr=0.2",
        "lr=wsd,lr.phases.0.steps=5,optimizer.lr=0.1",
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("sweep.union=['sweep.dry_run=true']", "sweep.dry_run=true cannot stand here; it is for all points"),
        ("sweep.union=['hydra.sweep.dir=x']", "hydra.sweep.dir=x cannot stand here; it is for all points"),
        ("sweep.union=['lr']", "lr: is not an override"),
        ("sweep.union=3", "sweep.union: "),
        ("sweep.union=['optimizer.lr=1,2,3','lr=wsd']", "need equal lengths; train.seed has 2, optimizer.lr has 3"),
        ("sweep.union=['optimizer.lr=1,2','lr=wsd']", "need equal lengths; train.seed has 2, optimizer.lr has 1"),
    ],
)
def test_what_is_wrong_with_a_union(sweep, typed, said):
    done = sweep(typed, "train.seed=0,1", "sweep.zip=[[train.seed,optimizer.lr]]")
    assert done.status == 2
    assert said in done.err
    assert not Path("s").exists()


def test_any_application_has_unions(foreign):
    assert foreign("hydra.sweeper.union=['model=small rate=2,3','model=big']", "seed=0,1").status == 0
    assert len(folders("s")) == 6


def test_the_points_of_a_union_are_known_without_a_sweep():
    with open_application() as application:
        points = points_of(application, ["train.seed=0,1", "sweep.union=['lr=wsd','optimizer.lr=1,2']"])
    assert [point.folder for point in points] == [
        *("lr=wsd,train.seed=0", "lr=wsd,train.seed=1"),
        *("optimizer.lr=1,train.seed=0", "optimizer.lr=2,train.seed=0"),
        *("optimizer.lr=1,train.seed=1", "optimizer.lr=2,train.seed=1"),
    ]


def test_in_an_application_of_ones_own_a_section_called_sweep_means_what_it_likes(in_tmp):
    (in_tmp / "config.yaml").write_text("sweep: {union: 3}\nrate: 1\n")
    with open_application(in_tmp, may_be_own=True) as application:
        points = points_of(application, ["sweep.union=4", "rate=1,2"])
    assert [point.overrides for point in points] == [("sweep.union=4", "rate=1"), ("sweep.union=4", "rate=2")]

"""Point 1: nothing starts, and nothing is made, unless every point can run."""

from pathlib import Path

import pytest
from sweep_files import folders, rows, times_run

TOO_LONG = ("train.total_steps=100,1000", "lr=warmup_cosine", "lr.phases.0.steps=50,200")  # 200 do not fit into 100


def test_all_bad_points_come_in_one_table(sweep):
    done = sweep(*TOO_LONG, "train.seed=0,1")
    assert done.status == 2
    assert done.err.startswith("2 of 8 points cannot run; nothing was started\n")
    table = [line.split() for line in done.err.splitlines() if "need 200 steps" in line]
    assert [line[0] for line in table] == ["2", "3"]
    assert table[0][1:5] == ["train.total_steps=100", "lr.phases.0.steps=200", "train.seed=0", "lr.phases.0.steps"]
    assert "total_steps is 100" in done.err
    assert "sweep.on_invalid=drop" in done.err
    assert not Path("s").exists()


def test_a_text_that_is_not_there_is_a_bad_point(sweep):
    done = sweep("task.text_file=null,nowhere.txt")
    assert done.status == 2
    assert "there is no file nowhere.txt" in done.err


def test_a_checkpoint_that_is_not_there_is_a_bad_point(sweep):
    done = sweep("train.resume=nowhere.pt", "train.seed=0,1")
    assert done.status == 2
    assert "there is no file or folder nowhere.pt" in done.err
    assert not Path("s").exists()
    assert not Path("s").exists()


def test_every_problem_of_a_point_is_reported(sweep):
    done = sweep("train.batch_size=8,-1", "optimizer.lr=0.1,-0.5")
    assert done.status == 2
    assert "3 of 4 points cannot run" in done.err
    point_3 = done.err[done.err.index("\n 3 ") :]
    assert "train.batch_size" in point_3
    assert "optimizer.lr" in point_3


def test_a_point_that_hydra_cannot_compose_is_a_bad_point(sweep):
    done = sweep("lr=wsd,wds")
    assert done.status == 2
    assert "1 of 2 points cannot run" in done.err
    assert "did you mean 'wsd'?" in " ".join(done.err.split())  # a narrow column breaks the line


def test_drop_names_what_it_leaves_out_and_runs_the_rest(sweep):
    done = sweep(*TOO_LONG, "sweep.on_invalid=drop")
    assert done.status == 0
    assert done.out.startswith("1 of 4 points cannot run and are left out\n")
    assert "up to here the phases need 200 steps, total_steps is 100" in done.out
    assert folders("s") == [
        "lr.phases.0.steps=200,train.total_steps=1000",
        "lr.phases.0.steps=50,train.total_steps=100",
        "lr.phases.0.steps=50,train.total_steps=1000",
    ]
    assert len(rows("s")) == 3


def test_drop_with_nothing_left_is_an_error(sweep):
    done = sweep("train.seed=-1,-2", "sweep.on_invalid=drop")
    assert done.status == 2
    assert "2 of 2 points cannot run; nothing was started" in done.err
    assert "on_invalid" not in done.err


def test_points_that_compute_the_same_are_named(sweep):
    done = sweep("lr/warmup@lr.phases.0=linear,none", "lr.initial_multiplier=0,0.0", "sweep.dry_run=true")
    assert "point 1 (lr.initial_multiplier=0.0,lr.warmup@lr.phases.0=linear) computes the same as " in done.out
    assert done.out.count(" computes the same as ") == 2
    assert done.out.count("; the same as ") == 2


def test_a_point_typed_twice_runs_once(sweep):
    done = sweep("optimizer.lr=0.1,0.1")
    assert "point 1 (optimizer.lr=0.1) has the same configuration as optimizer.lr=0.1, which runs once\n" in done.out
    assert times_run("s") == {"optimizer.lr=0.1": 1}


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("sweep.on_failure=halt", "sweep.on_failure: 'halt' is not allowed; it must be continue or stop"),
        ("+sweep.on_error=stop", "sweep.on_error: unknown key"),
        ("sweep.max_failures=0", "sweep.max_failures: 0 is not allowed; it must be a whole number of at least 1"),
        ("sweep.dry_run=true,false", "sweep.dry_run: cannot be swept; it steers the whole sweep"),
        ("optimizer.lr=interval(0,1)", "optimizer.lr: interval(0,1) has no end of values"),
        ("hydra.sweep.subdir=a", "hydra.sweep.subdir: cannot be set; folders are named by the changed keys"),
    ],
)
def test_a_bad_way_of_sweeping_is_reported(sweep, typed, told):
    done = sweep("train.seed=0,1", typed)
    assert done.status == 2
    assert told in done.err
    assert not Path("s").exists()


def test_a_limit_beside_stop_contradicts_it(sweep):
    done = sweep("train.seed=0,1", "sweep.on_failure=stop", "sweep.max_failures=3")
    assert done.status == 2
    assert "on_failure=stop ends a sweep at its first failure, max_failures=3 at another one" in done.err


def test_what_does_not_parse_is_named_and_not_the_flag_before_it(sweep):
    done = sweep("lr.phases.00.steps=1,2")
    assert done.status == 2
    assert "lr.phases.00.steps=1,2: does not parse" in done.err
    assert "type lr.phases.0.steps=1,2" in done.err
    assert "-m" not in done.err
    assert not Path("s").exists()

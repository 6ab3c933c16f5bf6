"""Point 3: the same command again goes on where it ended."""

import fcntl
import json
import os
from pathlib import Path

import pytest
from sweep_files import rows, snapshot, times_run


def test_completed_points_are_not_run_again(sweep):
    sweep("train.seed=0,1")
    again = sweep("train.seed=0,1")
    assert again.status == 0
    assert times_run("s") == {"train.seed=0": 1, "train.seed=1": 1}
    assert "2 points in s, 2 of them completed before" in again.out
    assert len(rows("s")) == 2


def test_stored_objectives_are_returned(sweep, monkeypatch):
    from hydra.core.plugins import Plugins  # noqa: F401  Hydra finds its plugins first

    from d9d_lr.sweeping import run

    returned = []
    original = run.run_sweep
    monkeypatch.setattr(run, "run_sweep", lambda *given: returned.append(original(*given)))
    sweep("train.seed=0,1", "optimizer.lr=0.5")
    sweep("train.seed=1,2", "optimizer.lr=0.5")
    # The stub's objective is the learning rate plus the seed; seed 1 comes from the first sweep's folder.
    assert [[job.return_value for job in batch] for batch in returned[1]] == [[1.5, 2.5]]


@pytest.mark.parametrize("how", ["once_raise", "once_exit"])
def test_failed_points_are_run_again(sweep, how):
    assert sweep("train.seed=0,1", f"task.text_file={how}").status == 1
    again = sweep("train.seed=0,1", f"task.text_file={how}")
    assert again.status == 0
    assert times_run("s") == {"train.seed=0": 2, "train.seed=1": 2}
    assert [row["status"] for row in rows("s")] == ["completed", "completed"]


def test_only_what_failed_is_run_again(sweep):
    assert sweep("task.text_file=well,once_raise").status == 1
    assert sweep("task.text_file=well,once_raise").status == 0
    assert times_run("s") == {"task.text_file=once_raise": 2, "task.text_file=well": 1}


def test_interrupted_and_missing_points_are_run(sweep):
    first = sweep("task.text_file=well,once_ctrl_c,null")
    assert first.status == 130
    assert [row["status"] for row in rows("s")] == ["completed", "unfinished", "not started"]
    assert sweep("task.text_file=well,once_ctrl_c,null").status == 0
    assert times_run("s") == {"task.text_file=null": 1, "task.text_file=once_ctrl_c": 2, "task.text_file=well": 1}


def test_points_can_be_added(sweep):
    sweep("train.seed=0,1")
    assert sweep("train.seed=1,2,3").status == 0
    assert set(times_run("s").values()) == {1}
    assert [row["train.seed"] for row in rows("s")] == ["0", "1", "2", "3"]


def test_another_configuration_is_refused_and_nothing_changes(sweep):
    sweep("train.seed=0,1")
    before = snapshot("s")
    other = sweep("train.seed=0,1,2", "optimizer.lr=0.5")
    assert other.status == 2
    assert "s/train.seed=0: holds another configuration: optimizer.lr is 0.003 there, 0.5 here" in other.err
    assert "s/train.seed=1: " in other.err
    assert "give the sweep a folder of its own, as in hydra.sweep.dir=DIR, or remove these" in other.err
    assert snapshot("s") == before


def test_a_folder_without_a_result_is_judged_by_what_hydra_left(sweep):
    sweep("train.seed=0,1")
    Path("s/train.seed=0/result.json").unlink()
    before = snapshot("s")
    assert sweep("train.seed=0,1", "optimizer.lr=0.5").status == 2
    assert snapshot("s") == before
    assert sweep("train.seed=0,1").status == 0
    assert times_run("s") == {"train.seed=0": 2, "train.seed=1": 1}


def test_a_damaged_result_is_set_aside_and_the_point_run_again(sweep):
    sweep("train.seed=0,1")
    Path("s/train.seed=0/result.json").write_text("{")
    before = snapshot("s")
    assert sweep("train.seed=0,1", "sweep.dry_run=true").status == 0
    assert snapshot("s") == before
    again = sweep("train.seed=0,1")
    assert again.status == 0
    assert "s/train.seed=0/result.json is damaged: " in again.out
    assert "; it is kept as result.json.set-aside" in again.out
    assert Path("s/train.seed=0/result.json.set-aside").read_text() == "{"
    assert times_run("s") == {"train.seed=0": 2, "train.seed=1": 1}


def test_a_damaged_result_of_another_configuration_is_refused(sweep):
    sweep("train.seed=0,1")
    Path("s/train.seed=0/result.json").write_text("{")
    before = snapshot("s")
    assert sweep("train.seed=0,1", "optimizer.lr=0.5").status == 2
    assert snapshot("s") == before


def test_a_folder_in_the_place_of_a_result_stops_nothing(sweep):
    sweep("train.seed=0,1")
    Path("s/train.seed=0/result.json").unlink()
    Path("s/train.seed=0/result.json").mkdir()
    again = sweep("train.seed=0,1")
    assert again.status == 0
    assert "s/train.seed=0/result.json is a folder, not a file; it is kept as result.json.set-aside" in again.out
    assert {row["status"] for row in rows("s")} == {"completed"}


@pytest.mark.parametrize("content", ["", "{", '{"points": 3}'])
def test_a_damaged_record_is_set_aside_and_made_anew(sweep, content):
    sweep("train.seed=0,1")
    Path("s/sweep.json").write_text(content)
    assert sweep("train.seed=1,2").status == 0
    assert Path("s/sweep.json.set-aside").read_text() == content
    assert [row["train.seed"] for row in rows("s")] == ["0", "1", "2"]


def test_settings_that_change_no_result_may_change(sweep):
    sweep("train.seed=0,1")
    assert sweep("train.seed=0,1", "train.num_threads=2", "train.checkpoint_every=5").status == 0
    assert times_run("s") == {"train.seed=0": 1, "train.seed=1": 1}


def test_the_record_keeps_all_points(sweep):
    sweep("train.seed=0,1")
    sweep("train.seed=1,2", "sweep.on_failure=stop")
    record = json.loads(Path("s/sweep.json").read_text())
    assert [point["folder"] for point in record["points"]] == ["train.seed=0", "train.seed=1", "train.seed=2"]


def test_two_sweeps_do_not_share_a_folder(sweep):
    Path("s").mkdir()
    handle = os.open("s", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)  # as another process would
    done = sweep("train.seed=0,1")
    os.close(handle)
    assert done.status == 1
    assert "another sweep is running in s" in done.err

"""Points 1 to 6 where jobs run in processes of their own: joblib's workers, and submitit's local jobs."""

from pathlib import Path

import pytest
from sweep_files import folders, rows, snapshot, times_run

LAUNCHERS = {
    "joblib": ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2"),
    "submitit": ("hydra/launcher=submitit_local", "hydra.launcher.timeout_min=5"),
}


@pytest.fixture(params=LAUNCHERS)
def parallel(request, command):
    """Runs the stub application under a launcher."""

    def run(*arguments):
        return command(*LAUNCHERS[request.param], *arguments)

    return run


def test_bad_points_start_nothing(parallel):
    done = parallel("train.seed=0,-1")
    assert done.status == 2
    assert "1 of 2 points cannot run; nothing was started" in done.err
    assert not Path("s").exists()


def test_preview_run_resume_and_refusal(parallel):
    done = parallel("train.seed=0,1", "sweep.dry_run=true")
    assert done.status == 0
    assert "2 points; nothing was started" in done.out
    assert not Path("s").exists()

    done = parallel("train.seed=0,1")
    assert done.status == 0, done.err
    assert folders("s") == ["train.seed=0", "train.seed=1"]
    assert [(row["rank"], row["train.seed"], row["status"]) for row in rows("s")] == [
        ("1", "0", "completed"),
        ("2", "1", "completed"),
    ]
    # Two jobs share the eight cores that the stub reckons with.
    assert {name: Path("s", name, "threads").read_text() for name in folders("s")} == dict.fromkeys(folders("s"), "4")

    done = parallel("train.seed=0,1,2")
    assert done.status == 0
    assert "3 points in s, 2 of them completed before" in done.out
    assert times_run("s") == {"train.seed=0": 1, "train.seed=1": 1, "train.seed=2": 1}

    before = snapshot("s")
    done = parallel("train.seed=0,1,2", "optimizer.lr=0.5")
    assert done.status == 2
    assert "optimizer.lr is 0.003 there, 0.5 here" in done.err
    assert snapshot("s") == before


def test_failures_lose_their_own_job_only(parallel):
    """`sys.exit` and kills, each in a job of its own; started again, all that can go on does."""
    points = "task.text_file=once_killed,well,once_exit,killed"
    done = parallel(points)
    assert done.status == 1
    errors = {row["task.text_file"]: row["error"] for row in rows("s")}
    assert errors["once_exit"] == "the job ended by sys.exit(3)"
    assert "its process ended without a result: " in errors["killed"]
    assert errors["well"] == ""
    for name in ("once_exit", "killed"):
        assert f"task.text_file={name} failed: {errors[name]}\n" in done.err

    done = parallel(points)
    assert done.status == 1
    left = [(row["task.text_file"], row["status"]) for row in rows("s") if row["status"] != "completed"]
    assert left == [("killed", "failed")]
    assert "1 of 4 points did not complete" in done.err
    assert Path("s/task.text_file=killed/result.json").exists()


def test_stop_starts_no_further_batch(parallel):
    done = parallel("task.text_file=say,null,well,once_exit", "sweep.on_failure=stop", "hydra.sweeper.max_batch_size=1")
    assert done.status == 1
    assert "4 of 4 points did not complete" in done.err
    assert [row["status"] for row in rows("s")] == ["failed", "not started", "not started", "not started"]

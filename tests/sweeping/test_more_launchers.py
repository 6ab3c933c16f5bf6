"""Ray and Optuna, each really run. `make test-launchers` installs them."""

import os
from pathlib import Path

import pytest
from sweep_files import rows, times_run

pytestmark = pytest.mark.launchers

SMALL = (
    "task=digits", "task.width=8", "train.total_steps=4", "train.batch_size=4", "train.eval_every=4", "lr=constant",
)  # fmt: skip
RAY = ("hydra/launcher=ray", "+hydra.launcher.ray.init.num_cpus=2", "+hydra.launcher.ray.init.include_dashboard=false")


@pytest.fixture
def ray(monkeypatch):
    pytest.importorskip("hydra_plugins.hydra_ray_launcher")
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    assert os.environ["RAY_AUTH_MODE"]


@pytest.mark.usefixtures("ray")
def test_ray_trains_and_resumes(command):
    done = command(*RAY, *SMALL, "train.seed=0,1", module="d9d_lr.train")
    assert done.status == 0, done.err
    assert {(row["train.seed"], row["status"]) for row in rows("s")} == {("0", "completed"), ("1", "completed")}
    before = {path: path.stat().st_mtime_ns for path in Path("s").glob("*/result.json")}
    done = command(*RAY, *SMALL, "train.seed=0,1,2", module="d9d_lr.train")
    assert done.status == 0, done.err
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert len(rows("s")) == 3


@pytest.mark.usefixtures("ray")
def test_a_killed_worker_of_ray_loses_its_own_job_only(command):
    # Ray would start a killed task three times more by itself; with 0 the sweep's own second start is seen.
    points = "task.text_file=null,killed,once_killed,say"
    done = command(*RAY, "+hydra.launcher.ray.remote.max_retries=0", points)
    assert done.status == 1
    statuses = {row["task.text_file"]: row["status"] for row in rows("s")}
    assert statuses == {"null": "completed", "once_killed": "completed", "killed": "failed", "say": "failed"}
    assert times_run("s")["task.text_file=killed"] == 2


def test_optuna_searches(command):
    pytest.importorskip("hydra_plugins.hydra_optuna_sweeper")
    done = command(
        "hydra/sweeper=optuna", "hydra.sweeper.n_trials=3", "hydra.sweeper.n_jobs=1", "hydra.sweeper.sampler.seed=0",
        *SMALL, "optimizer.lr=tag(log,interval(0.0001,0.1))", module="d9d_lr.train",
    )  # fmt: skip
    assert done.status == 0, done.err
    assert Path("s/optimization_results.yaml").exists()
    done = command("s", module="d9d_lr.sweep", folder=None)
    assert done.status == 0
    assert [row["status"] for row in rows("s")] == ["completed"] * 3
    assert len({row["optimizer.lr"] for row in rows("s")}) == 3

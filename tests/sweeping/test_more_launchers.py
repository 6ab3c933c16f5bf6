"""Ray and Optuna, each really run. `make test-launchers` installs them."""

import os
import subprocess
import sys
from itertools import pairwise
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


GPU_APP = """
import os, time
from pathlib import Path
import hydra
from hydra.core.hydra_config import HydraConfig

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def job(config):
    begun = time.time()
    time.sleep(1.0)
    note = f"{os.environ['CUDA_VISIBLE_DEVICES']} {begun} {time.time()}"
    Path(HydraConfig.get().runtime.output_dir, "gpu").write_text(note)

if __name__ == "__main__":
    from hydra.core.config_store import ConfigStore
    ConfigStore.instance().store("app", {"x": 0, "defaults": [{"override hydra/sweeper": "checked"}]})
    job()
"""


@pytest.mark.usefixtures("ray")
def test_each_job_of_ray_has_a_gpu_that_no_other_has_at_that_time(in_tmp):
    # Numbers stand in for GPUs: Ray hands out as many as it is told that there are.
    Path("app.py").write_text(GPU_APP)
    gpus = ("+hydra.launcher.ray.init.num_gpus=2", "+hydra.launcher.ray.remote.num_gpus=1")
    typed = ["-m", "x=range(0,6)", *RAY, *gpus, "hydra.sweep.dir=s"]
    done = subprocess.run([sys.executable, "app.py", *typed], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    notes = [path.read_text().split() for path in Path("s").glob("*/gpu")]
    held = sorted((gpu, float(begun), float(ended)) for gpu, begun, ended in notes)
    assert len(held) == 6  # so each was given back
    assert {gpu for gpu, _, _ in held} == {"0", "1"}
    for (gpu, _, ended), (following, begun, _) in pairwise(held):
        assert gpu != following or ended <= begun


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

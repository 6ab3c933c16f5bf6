"""joblib's workers import what jobs need while points are checked, and none outlives a sweep that does not start."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

APP = """
import os, signal, time
from pathlib import Path
import hydra
from hydra.core.config_store import ConfigStore
from hydra.core.hydra_config import HydraConfig

def check(config):
    ends = time.monotonic() + 200
    while config.waits and len(list(Path(config.notes).iterdir())) < 2 and time.monotonic() < ends:
        time.sleep(0.05)
    if config.x == -2:
        os.killpg(os.getpgid(0), signal.SIGINT)
        time.sleep(200)
    if config.x < 0:
        yield "x is below 0"

@hydra.main(version_base="1.3", config_path=None, config_name="app")
def job(config):
    Path(HydraConfig.get().runtime.output_dir, "pid").write_text(str(os.getpid()))

if __name__ == "__main__":
    defaults = [{"override hydra/sweeper": "checked"}]
    ConfigStore.instance().store("app", {"x": 0, "waits": True, "notes": os.environ["NOTES"], "defaults": defaults})
    job()
"""
NEEDED = """
import os, time
from pathlib import Path
Path(os.environ["NOTES"], str(os.getpid())).touch()
time.sleep(float(os.environ["SECONDS_TO_IMPORT"]))
"""
TWO = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "hydra.sweeper.check=app.check", "hydra.sweep.dir=s")


@pytest.fixture
def app(in_tmp):
    """Sweeps an application whose check waits until both workers are at the import of what its jobs need."""
    Path("app.py").write_text(APP)
    Path("needed.py").write_text(NEEDED)
    Path("notes").mkdir()

    def run(*typed, seconds_to_import=0):
        environment = {
            **os.environ,
            "PYTHONPATH": str(in_tmp),
            "NOTES": str(in_tmp / "notes"),
            "SECONDS_TO_IMPORT": str(seconds_to_import),
        }
        words = [sys.executable, "app.py", "-m", *TWO, "hydra.sweeper.imports=[needed,not_there]", *typed]
        return subprocess.run(
            words, env=environment, capture_output=True, text=True, timeout=300, check=False, start_new_session=True
        )

    return run


def importers():
    """Returns the processes that imported what jobs need."""
    return {path.name for path in Path("notes").iterdir()}


def still_there(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_jobs_run_in_the_workers_that_were_started_during_the_check(app):
    done = app("x=range(0,8)")
    assert done.returncode == 0, done.stderr
    jobs = {path.read_text() for path in Path("s").glob("*/pid")}
    assert len(list(Path("s").glob("*/pid"))) == 8
    assert len(importers()) == 2
    assert jobs <= importers()
    assert done.stdout.count("is launching 8 jobs") == 1


@pytest.mark.parametrize(("x", "status", "said"), [("-1", 2, "x is below 0"), ("-2", 130, "interrupted")])
def test_no_worker_outlives_a_sweep_that_does_not_start(app, x, status, said):
    done = app(f"x=1,{x}", seconds_to_import=200)
    assert done.returncode == status, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert "Warning" not in done.stderr
    assert len(importers()) == 2
    ends = time.monotonic() + 20
    while any(map(still_there, importers())) and time.monotonic() < ends:
        time.sleep(0.1)
    assert not any(map(still_there, importers()))
    assert not Path("s").exists()


def test_workers_that_are_interrupted_as_they_start_say_nothing(app):
    done = app("x=-2,-1", "waits=false", seconds_to_import=200)
    assert done.returncode == 130
    assert done.stderr.count("interrupted") == 1
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize("typed", ["hydra.sweeper.dry_run=true", "+hydra.job.env_set.OMP_NUM_THREADS='1'"])
def test_nothing_is_imported_for_no_job_or_before_the_variables_of_jobs_are_set(app, typed):
    done = app("x=1,2", "waits=false", typed)
    assert done.returncode == 0, done.stderr
    assert importers() == set()


def test_no_worker_starts_for_points_that_have_a_result(app):
    assert app("x=1,2").returncode == 0
    before = importers()
    done = app("x=1,2", "waits=true")
    assert done.returncode == 0, done.stderr
    assert importers() == before

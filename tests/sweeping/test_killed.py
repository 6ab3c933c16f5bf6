"""A sweep killed in the middle, started again, ends as one that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sweep_files import rows

TRAINING = (
    "task=digits", "task.width=8", "train.total_steps=20", "train.batch_size=8", "train.eval_every=10",
    "lr=warmup_cosine", "lr.phases.0.steps=2,5", "train.seed=0,1",
)  # fmt: skip


def start(*arguments):
    return subprocess.Popen(
        [sys.executable, "-m", "d9d_lr.train", "-m", *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def results(folder):
    return {path.parent.name: path.stat().st_mtime_ns for path in Path(folder).glob("*/result.json")}


def without_seconds(folder):
    return [{**row, "seconds": ""} for row in rows(folder)]


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_killed_sweep_goes_on(in_tmp, launcher):
    arguments = (*TRAINING, f"hydra/launcher={launcher}")
    killed = start(*arguments, "hydra.sweep.dir=killed")
    deadline = time.monotonic() + 300
    while not results("killed"):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.wait()
    done_before = results("killed")
    assert not Path("killed/sweep.csv").exists()

    assert start(*arguments, "hydra.sweep.dir=killed").wait(timeout=300) == 0
    after = results("killed")
    assert len(after) == 4
    assert {name: after[name] for name in done_before} == done_before

    assert start(*arguments, "hydra.sweep.dir=undisturbed").wait(timeout=300) == 0
    assert without_seconds("killed") == without_seconds("undisturbed")

"""A sweep killed in the middle, started again, ends as one that nobody disturbed."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sweep_files import all_differences, rows

from d9d_lr.runs.results import read_result
from helpers.kills import ForkedSweep, moments, run_killed
from helpers.small_runs import DIGITS

KILLS_OF_TREES = 10

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


def processes_of(group):
    """The processes of a group that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            state, _, its_group = stat.read_text(errors="replace").rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                found.append((stat.parent / "cmdline").read_bytes().replace(b"\0", b" ")[:150])
    return found


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_the_jobs_of_a_killed_sweep_end_with_it_and_save(in_tmp, launcher):
    arguments = (*TRAINING, "train.total_steps=1000", f"hydra/launcher={launcher}")
    killed = start(*arguments, "hydra.sweep.dir=s")
    wait_for(lambda: len(list(Path("s").glob("*/metrics.jsonl"))) >= 2)
    killed.kill()  # this process alone, and not those that it started
    killed.wait()
    wait_for(lambda: not processes_of(killed.pid), 60)
    stopped = [result for result in map(read_result, Path("s").glob("lr*")) if result]
    assert stopped
    assert {result.status for result in stopped} <= {"interrupted", "completed"}
    assert all(result.steps > 0 for result in stopped)

    assert start(*arguments, "hydra.sweep.dir=s").wait(timeout=300) == 0
    assert len(rows("s")) == 4
    assert not list(Path("s/.sweep").glob("*"))


WORKERS = """
import time
from joblib import Parallel, delayed
from d9d_lr.sweeping.owner import EndWith, Owner
Parallel(n_jobs=2, initializer=EndWith(Owner.this_process()))(delayed(time.sleep)(seconds) for seconds in (0, 200))
"""


def test_a_worker_that_waits_for_a_job_ends_with_its_sweep(in_tmp):
    killed = subprocess.Popen([sys.executable, "-c", WORKERS], start_new_session=True)
    wait_for(lambda: len(processes_of(killed.pid)) >= 3)
    time.sleep(1)  # one has nothing more to do
    killed.kill()
    killed.wait()
    wait_for(lambda: not processes_of(killed.pid), 20)


def wait_for(condition, seconds=300):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


TREE = (*DIGITS, "lr=wsd", "lr.phases.0.steps=4", "train.total_steps=20,30,40")
TREES = {
    "saved at the ends of segments only": TREE,
    "saved often": (*TREE, "train.checkpoint_every=3", "train.seed=0,1"),
}


@pytest.mark.parametrize("name", TREES)
def test_killed_trees_end_like_undisturbed_ones(in_tmp, name):
    start = partial(ForkedSweep, *TREES[name])
    assert start("sweep.share_prefixes=false", f"hydra.sweep.dir={in_tmp / 'whole'}").wait(300) == 0
    points = sorted(path.parent.name for path in Path("whole").glob("*/result.json"))
    chosen, kills = moments(len(name), lines=40 * len(points)), 0
    while kills < KILLS_OF_TREES:
        folder = in_tmp / f"killed after {kills}"
        folder.mkdir()
        kills += run_killed(partial(start, f"hydra.sweep.dir='{folder}'"), folder, chosen, KILLS_OF_TREES - kills).kills
        assert all_differences(in_tmp / "whole", folder) == {}
        assert not (folder / ".sweep").exists()


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_killed_sweep_goes_on(in_tmp, launcher):
    arguments = (*TRAINING, f"hydra/launcher={launcher}")
    killed = start(*arguments, "hydra.sweep.dir=killed")
    wait_for(lambda: results("killed"))
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

"""Sweeps on a Ray cluster that runs already, of two nodes on this machine. `make test-launchers` installs Ray."""

import shutil
import tempfile
import time
import uuid
from contextlib import suppress
from pathlib import Path

import pytest
from sweep_files import rows
from whole_trees import ENDS_WITHIN, assert_shared, assert_whole, sweep, trained_alone, wait_for_lines

from helpers.kills import processes_left
from helpers.ray_nodes import ENVIRONMENT, two_nodes, workers
from helpers.small_runs import DIGITS, command

pytestmark = pytest.mark.launchers

SHORT = (*DIGITS, "train.seed=0,1,2", "-m", "hydra.sweep.dir=s", "hydra/launcher=ray")
LONGEST = "train.total_steps=3000"


@pytest.fixture(scope="module")
def cluster():
    pytest.importorskip("hydra_plugins.hydra_ray_launcher")
    folder = Path(tempfile.mkdtemp(prefix="ray"))
    try:
        with two_nodes(folder) as address:
            yield address
        assert not [line for line in _command_lines() if str(folder).encode() in line]
    finally:
        shutil.rmtree(folder)


def _command_lines():
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            yield (process / "cmdline").read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a sweep in which each point trained alone, in one process."""
    return trained_alone(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def start(cluster, in_tmp):
    """Starts the tree on the cluster; its jobs must have ended at the end, those of a killed sweep too."""
    mark = uuid.uuid4().hex
    ray = ("hydra/launcher=ray", f"hydra.launcher.ray.init.address={cluster}")
    yield lambda *arguments: sweep("s", *ray, *arguments, mark=mark, **ENVIRONMENT)
    assert processes_left(mark, 30) == []
    assert _workers_left() == []


@pytest.mark.parametrize("named", [True, False])
def test_points_train_there(cluster, in_tmp, named):
    # The cluster may be named in the configuration, or found by Ray's own variable.
    typed = [f"hydra.launcher.ray.init.address={cluster}"] if named else []
    more = ENVIRONMENT if named else ENVIRONMENT | {"RAY_ADDRESS": cluster}
    done = command(*SHORT, *typed, timeout=ENDS_WITHIN, **more)
    assert done.returncode == 0, done.stderr
    assert "Connecting to existing Ray cluster" in done.stderr
    assert [row["status"] for row in rows("s")] == ["completed"] * 3


def test_what_a_running_cluster_refuses_is_said_in_a_sentence(cluster, in_tmp):
    more = (f"hydra.launcher.ray.init.address={cluster}", "+hydra.launcher.ray.init.num_cpus=2")
    done = command(*SHORT, *more, timeout=ENDS_WITHIN, **ENVIRONMENT)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    said = "its launcher failed: ValueError: When connecting to an existing cluster, num_cpus and num_gpus must not be"
    assert said in " ".join(done.stderr.split())


def test_a_tree_once_through(start, undisturbed):
    assert start("sweep.keep_branches=true").wait(ENDS_WITHIN) == 0
    assert_whole("s", undisturbed)
    assert_shared("s")


@pytest.mark.parametrize(("place", "lines"), [("s/.sweep/branches", 300), (f"s/{LONGEST}", 1650)])
def test_a_killed_sweep_leaves_nothing_running_and_is_taken_up(start, undisturbed, place, lines):
    begun = start()
    wait_for_lines(place, lines, begun)
    assert workers()
    begun.kill()
    assert begun.wait(10) == -9
    assert _workers_left() == []
    assert start().wait(ENDS_WITHIN) == 0
    assert_whole("s", undisturbed)
    assert not Path("s/.sweep").exists()


def _workers_left(seconds=30):
    """Waits until Ray has ended the jobs of a driver that is gone; returns those that it has not."""
    deadline = time.monotonic() + seconds
    while (left := workers()) and time.monotonic() < deadline:
        time.sleep(0.5)
    return left

"""A sweep whose points share steps on a real SLURM of one node: `make test-slurm`."""

import shutil
import tempfile
import time
import uuid
from pathlib import Path

import pytest
from whole_trees import ENDS_WITHIN, assert_shared, assert_whole, job_of, sweep, trained_alone, wait_for_lines

from d9d_lr.runs.results import read_result
from helpers.kills import processes_left
from helpers.slurm import cancel, missing, queue, slurm_node

pytestmark = pytest.mark.slurm

SLURM = ("hydra/launcher=submitit_slurm", "hydra.launcher.partition=sweeps", "hydra.launcher.timeout_min=10")
LONGEST = "train.total_steps=3000"


@pytest.fixture(scope="module")
def node():
    if absent := missing():
        pytest.fail(absent, pytrace=False)
    folder = Path(tempfile.mkdtemp(prefix="slurm"))
    try:
        with slurm_node(folder) as environ:
            yield environ
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """The folder of a sweep in which each point trained alone, in one process."""
    return trained_alone(tmp_path_factory.mktemp("undisturbed"))


@pytest.fixture
def start(node, in_tmp):
    """Starts the sweep on the node; nothing of it may be left at the end."""
    mark = uuid.uuid4().hex
    yield lambda *arguments: sweep("s", *SLURM, *arguments, mark=mark, **node)
    deadline = time.monotonic() + 60
    while queue(node):
        assert time.monotonic() < deadline, queue(node)
        time.sleep(1)
    assert processes_left(mark, 10) == []


def test_once_through(start, undisturbed):
    assert start("sweep.keep_branches=true").wait(ENDS_WITHIN) == 0
    assert_whole("s", undisturbed)
    assert_shared("s")


def test_a_cancelled_job_is_lost_alone_and_taken_up(start, node, undisturbed):
    begun = start()
    point = Path("s", LONGEST)
    wait_for_lines(point, 1750, begun)  # it begins with the 1601 lines of the steps that it shares
    cancel(job_of(point), node)
    assert begun.wait(ENDS_WITHIN) == 1
    results = {path.parent.name: read_result(path.parent) for path in Path("s").glob("*/result.json")}
    assert {name for name, result in results.items() if result.status != "completed"} == {LONGEST}
    assert "state: CANCELLED" in results[LONGEST].error

    assert start().wait(ENDS_WITHIN) == 0
    assert_whole("s", undisturbed)
    assert not Path("s/.sweep").exists()


def test_cancelled_shared_steps_are_taken_up(start, node, undisturbed):
    begun = start()
    wait_for_lines("s/.sweep/branches", 200, begun)
    cancel(job_of(next(Path("s/.sweep/branches").iterdir())), node)
    assert begun.wait(ENDS_WITHIN) == 1
    results = [read_result(path.parent) for path in Path("s").glob("*/result.json")]
    assert len(results) == 3
    assert all(result.error.startswith("the steps that it shares with other points failed: ") for result in results)

    assert start().wait(ENDS_WITHIN) == 0
    assert_whole("s", undisturbed)


@pytest.mark.parametrize(("place", "lines"), [("s/.sweep/branches", 300), (f"s/{LONGEST}", 1650)])
def test_a_killed_sweep_is_taken_up(start, undisturbed, place, lines):
    begun = start()
    wait_for_lines(place, lines, begun)
    begun.kill()
    assert begun.wait(10) == -9
    assert start().wait(ENDS_WITHIN) == 0
    assert_whole("s", undisturbed)
    assert not Path("s/.sweep").exists()

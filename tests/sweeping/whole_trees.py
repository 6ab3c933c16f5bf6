"""A sweep whose points share steps, for engines of their own: how it is started, and what it must have left."""

import re
import time
from pathlib import Path

from d9d_lr.runs.results import read_result
from helpers.kills import Commanded, differences, lines_below
from helpers.small_runs import DIGITS

# A hold until step 800, 1600 or 2400 of 1000, 2000 or 3000. The first step of a decay still has the value of the hold,
# so the points share 801 steps, two of them 1601.
TREE = (*DIGITS, "lr=wsd", "train.eval_every=500", "train.total_steps=1000,2000,3000")
STEPS_SHARED = 1601
STEPS_OF_POINTS = {1000: 199, 2000: 399, 3000: 1399}
ENDS_WITHIN = 240


def sweep(folder, *arguments, **more):
    """Starts the sweep in a folder."""
    return Commanded("-m", *TREE, f"hydra.sweep.dir={folder}", *arguments, alone=True, **more)


def trained_alone(folder):
    """Sweeps into a folder so that each point trains alone, in one process; returns the folder."""
    assert sweep(folder, "sweep.share_prefixes=false").wait(ENDS_WITHIN) == 0
    return folder


def wait_for_lines(folder, lines, sweep):
    """Waits until the runs below a folder wrote so many lines of metrics, which is while the sweep still goes on."""
    deadline = time.monotonic() + ENDS_WITHIN
    while lines_below(folder) < lines:
        assert sweep.wait(0.05) is None, "the sweep ended"
        assert time.monotonic() < deadline


def job_of(folder):
    """Returns the number that the engine gave the job of a run folder."""
    return re.search(r"^    id: '?([\w-]+)'?$", (folder / ".hydra/hydra.yaml").read_text(), re.MULTILINE)[1]


def points_of(folder):
    """Returns the run folders of the points."""
    return sorted(path.parent for path in Path(folder).glob("*/result.json"))


def steps_trained(folder):
    """Returns the steps that each point trained itself, by its length."""
    results = map(read_result, points_of(folder))
    return {result.total_steps: result.trained_steps for result in results}


def assert_whole(folder, undisturbed):
    """Checks that every point holds what it holds after it trained alone, and that nothing else is left."""
    points = points_of(undisturbed)
    assert len(points) == len(STEPS_OF_POINTS)
    found = {point.name: differences(point, Path(folder) / point.name) for point in points}
    assert found == {point.name: [] for point in points}


def assert_shared(folder):
    """Checks that every distinct step was trained once, in a sweep that kept its branches."""
    assert steps_trained(folder) == STEPS_OF_POINTS
    trunks = [read_result(path.parent) for path in Path(folder).glob(".sweep/branches/*/result.json")]
    assert [trunk.trained_steps for trunk in trunks] == [STEPS_SHARED]

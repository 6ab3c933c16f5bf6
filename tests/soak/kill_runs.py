"""Kills single runs and sweeps at random moments, and counts what is lost: `make soak`, for a while or so many kills.

Sweeps are killed under each launcher, Ray's where it is installed, with all their processes or alone; then those must
end by themselves. Prints kills, resumes, differing bits, lost points and processes left; the exit status is 1 if
anything was lost.
"""

import argparse
import itertools
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from d9d_lr.runs.results import read_result
from helpers import ray_nodes
from helpers.kills import (
    LONGEST_SECONDS,
    Commanded,
    Forked,
    Moment,
    differences,
    differing_bits,
    moments,
    processes_left,
    run_killed,
)
from helpers.small_runs import CHARLM, DIGITS, settings

OFTEN = ("train.checkpoint_every=3", "train.total_steps=60")
RUNS = (
    (*DIGITS, *OFTEN),
    (*DIGITS, *OFTEN, "task.model=cnn", "optimizer=sgd"),
    (*CHARLM, *OFTEN, "task.dropout=0.2"),
    (*DIGITS, "train.total_steps=60"),
)
SWEEPS = (
    (*DIGITS, *OFTEN, "optimizer.lr=0.001,0.003,0.01"),
    (*DIGITS, *OFTEN, "lr=wsd", "train.total_steps=40,50,60"),
    (*CHARLM, "lr=wsd", "train.total_steps=60", "lr.phases.1.percentage=0.4,0.6,0.8"),
)
LINES = 61
POINTS = 3
ALWAYS = (("basic", False), ("joblib", False), ("submitit_local", False), ("joblib", True), ("submitit_local", True))
SWEPT = (*ALWAYS, ("ray", True)) if find_spec("ray") else ALWAYS
"""Launchers, and whether the sweep alone is killed; Ray's processes are in no group of the sweep's."""

MORE = {"ray": ("+hydra.launcher.ray.init.num_cpus=2", "+hydra.launcher.ray.init.include_dashboard=false")}
KILLS_OF_A_SWEEP = 3

END_SECONDS = 45
"""For the jobs of a sweep that was killed alone to save and end: half a minute, and a little."""


@dataclass
class Tally:
    """What was done, and what was lost."""

    runs: int = 0
    sweeps: int = 0
    kills: int = 0
    resumes: int = 0
    differing_bits: int = 0
    other_differences: int = 0
    lost_points: int = 0
    processes_left: int = 0
    of_launchers: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        counts = {name.replace("_", " "): value for name, value in vars(self).items() if isinstance(value, int)}
        kills = {f"kills under {name}": value for name, value in sorted(self.of_launchers.items())}
        return "  ".join(f"{name} {value}" for name, value in (counts | kills).items())


def compare(undisturbed: Path, killed: Path, tally: Tally) -> None:
    """Counts in what a killed run differs from its undisturbed twin."""
    result = read_result(killed)
    if result is None or result.status != "completed":
        tally.lost_points += 1
        print(f"lost: {killed}", flush=True)
        return
    bits = differing_bits(undisturbed, killed)
    tally.differing_bits += bits
    found = differences(undisturbed, killed)
    tally.other_differences += len(found) - bool(bits)
    for line in found:
        print(f"{killed}: {line}", flush=True)


def kill_a_run(index: int, chosen: Iterator[Moment], folder: Path, tally: Tally) -> None:
    """Kills one single run up to ten times."""
    wanted, undisturbed, killed = settings(*RUNS[index]), folder / f"run {index}", folder / "killed"
    if not undisturbed.exists():
        undisturbed.mkdir()
        assert Forked(wanted, undisturbed).wait(LONGEST_SECONDS) == 0
    killed.mkdir()
    lived = run_killed(partial(Forked, wanted, killed), killed, chosen, 10)
    tally.runs += 1
    tally.kills += lived.kills
    tally.resumes += lived.starts - 1
    compare(undisturbed, killed, tally)
    shutil.rmtree(killed)


def kill_a_sweep(launcher: str, alone: bool, kills: int, chosen: Iterator[Moment], folder: Path, tally: Tally) -> None:
    """Kills one sweep, alone or with all its processes, up to `kills` times."""
    index = tally.sweeps % len(SWEEPS)
    undisturbed, killed, mark = folder / f"sweep {index}", folder / "killed sweep", uuid.uuid4().hex
    if not undisturbed.exists():
        whole = ("sweep.share_prefixes=false", f"hydra.sweep.dir='{undisturbed}'")
        assert Commanded(*SWEEPS[index], *whole, "--multirun").wait(LONGEST_SECONDS) == 0
    launched = (f"hydra/launcher={launcher}", *MORE.get(launcher, ()))
    arguments = (*SWEEPS[index], f"hydra.sweep.dir='{killed}'", *launched, "--multirun")
    start = partial(Commanded, *arguments, mark=mark, alone=alone, **ray_nodes.ENVIRONMENT)
    lived = run_killed(start, killed, chosen, kills)
    tally.sweeps += 1
    tally.kills += lived.kills
    tally.of_launchers[f"{launcher}{', alone' if alone else ''}"] += lived.kills
    tally.resumes += lived.starts - 1
    for left in processes_left(mark, END_SECONDS):
        tally.processes_left += 1
        with suppress(OSError):  # it ended just now
            print(f"left: {Path(f'/proc/{left}/cmdline').read_bytes().replace(bytes(1), b' ')[:200]!r}", flush=True)
            os.kill(left, signal.SIGKILL)
    points = sorted(path.parent.relative_to(undisturbed) for path in undisturbed.rglob("checkpoint.pt"))
    assert len(points) == POINTS
    for point in points:
        compare(undisturbed / point, killed / point, tally)
    shutil.rmtree(killed)


def main() -> int:
    """Goes on for the seconds, or the kills, that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__)
    until = parser.add_mutually_exclusive_group(required=True)
    until.add_argument("seconds", type=float, nargs="?")
    until.add_argument("--kills", type=int, help="that many kills of sweeps, over all launchers, in place of a time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--sweeps", type=float, default=0.5, help="how much of the time goes to sweeps, from 0 to 1")
    arguments = parser.parse_args()
    tally, started = Tally(), time.monotonic()
    alone, swept = moments(arguments.seed, LINES), moments(arguments.seed + 1, POINTS * LINES)
    ways = itertools.cycle(SWEPT)
    spent_on_sweeps = 0.0
    folder = Path(tempfile.mkdtemp(prefix="soak"))
    try:
        while True:
            elapsed, left = time.monotonic() - started, (arguments.kills or 0) - tally.kills
            if left <= 0 if arguments.kills else elapsed >= arguments.seconds:
                break
            if arguments.kills or spent_on_sweeps < elapsed * arguments.sweeps or arguments.sweeps == 1:
                before = time.monotonic()
                kills = min(KILLS_OF_A_SWEEP, left) if arguments.kills else KILLS_OF_A_SWEEP
                kill_a_sweep(*next(ways), kills, swept, folder, tally)
                spent_on_sweeps += time.monotonic() - before
            else:
                kill_a_run(tally.runs % len(RUNS), alone, folder, tally)
            print(f"{time.monotonic() - started:4.0f} s  {tally}", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"in all: {tally}")
    return int(any((tally.differing_bits, tally.other_differences, tally.lost_points, tally.processes_left)))


if __name__ == "__main__":
    sys.exit(main())

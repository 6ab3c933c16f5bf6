"""What a sweep saves by training shared steps once: `make bench-tree`, ten minutes or so on two idle cores. Not a test.

Each sweep runs whole and shared, in every round: one job after another in one process, and by two workers of joblib.
What both need before the first job, imports and checks, is timed by a preview and left out; the import of torch, some
four seconds, is not.

- One process: ideal is a shared sweep that takes the same part of the time as its distinct steps are of all steps. That
  is told in processor time too, which other work on the machine hardly changes.
- Two workers: a shared sweep may take as long as its longest path and half of what is left; a whole one as long as half
  of all its steps, or its longest run. What is told is the time over that, as a ratio of the two.

A step of `charlm` takes some 30 ms, so that runs of 400 steps take 12 s, and training dominates.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from d9d_lr.runs.results import read_result
from helpers.small_runs import environment
from sweeping.sweep_files import all_differences, folders

COMMON = ("train.device=cpu", "train.eval_every=100", "train.checkpoint_every=100")
SWEEPS = {
    "six cooldowns from one hold": (
        "lr=wsd", "lr.phases.0.steps=50", "lr.phases.1.percentage=0.5,0.6,0.7,0.8,0.85,0.9",
    ),
    "four horizons of WSD": ("lr=wsd", "lr.phases.0.steps=50", "train.total_steps=300,400,500,600"),
    "cosines of four lengths": ("lr=warmup_cosine", "lr.phases.0.steps=100", "train.total_steps=300,400,500,600"),
}  # fmt: skip
TWO_WORKERS = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


@dataclass(frozen=True)
class Took:
    """Seconds of a command, on the clock and of processors."""

    clock: float
    processor: float

    def after(self, before):
        return Took(self.clock - before.clock, self.processor - before.processor)


def timed(*arguments):
    """Runs a command; returns what it took, and what it said."""
    started, used = time.perf_counter(), _of_children()
    done = subprocess.run(
        [sys.executable, "-m", "d9d_lr.train", "-m", *COMMON, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Took(time.perf_counter() - started, _of_children() - used), done.stdout


def _of_children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def trained(folder):
    """Returns the steps that were trained, those of trunks included."""
    return sum(read_result(path.parent).trained_steps for path in folder.rglob("result.json"))


def main():
    """Prints the figures of each sweep."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=400, help="steps of a run of the first sweep")
    parser.add_argument("--rounds", type=int, default=1, help="how often each sweep runs; the median counts")
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_args()
    worst = {}
    for name, arguments in SWEEPS.items():
        everything = (f"train.total_steps={given.steps}", *arguments, *given.overrides)
        rounds = [measured(everything) for _ in range(given.rounds)]
        say(f"{name}: {rounds[0]['planned']}")
        say(f"  {rounds[0]['trained']}")
        for what in ("in one process, clock", "in one process, processor", "two workers, clock"):
            found = [one[what] for one in rounds]
            worst[what] = max(worst.get(what, 0.0), median(found))
            say(f"  {what}: {median(found):.2f} of the ideal ({', '.join(f'{each:.2f}' for each in found)})")
    cores = len(os.sched_getaffinity(0))
    say(f"worst of the ideal, {cores} cores, load {os.getloadavg()[0]:.1f}:")
    for what, ratio in worst.items():
        say(f"  {what}: {ratio:.2f}")


def measured(arguments):
    """Runs one sweep whole and shared, in both ways, once; returns what came of it."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        before, preview = timed(*arguments, f"hydra.sweep.dir={root / 'none'}", "sweep.dry_run=true")
        found = {"planned": next(line for line in preview.splitlines() if "to train" in line)}
        alone = _whole_and_shared(root / "alone", before, *arguments)
        steps, distinct = (trained(root / "alone" / each) for each in ("whole", "shared"))
        differing = sum(map(len, all_differences(root / "alone/whole", root / "alone/shared").values()))
        points = folders(root / "alone/whole")
        found["trained"] = f"trained {distinct} steps of {steps}; {differing} differences in {len(points)} folders"
        for kind in ("clock", "processor"):
            whole, shared = (getattr(took, kind) for took in alone)
            found[f"in one process, {kind}"] = shared / whole / (distinct / steps)
        whole, shared = _whole_and_shared(root / "two", before, *arguments, *TWO_WORKERS)
        longest = max(read_result(root / "alone/whole" / name).steps for name in points)
        ideal = (longest + (distinct - longest) / 2) / max(longest, steps / 2)
        found["two workers, clock"] = shared.clock / whole.clock / ideal
        say(f"  ... {[f'{took.clock:.0f} s, {took.processor:.0f} s of processor' for took in (*alone, whole, shared)]}")
        return found


def _whole_and_shared(root, before, *arguments):
    whole, _ = timed(*arguments, f"hydra.sweep.dir={root / 'whole'}", "sweep.share_prefixes=false")
    shared, _ = timed(*arguments, f"hydra.sweep.dir={root / 'shared'}", "sweep.keep_branches=true")
    return whole.after(before), shared.after(before)


def say(line):
    """Writes a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

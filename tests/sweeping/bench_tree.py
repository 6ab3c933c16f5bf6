"""What a sweep saves by training shared steps once: `make bench-tree`, some minutes. Not a test.

Each sweep runs twice, whole and shared. Ideal is a shared sweep that takes the same part of the time as its distinct
steps are of all steps. What both need before the first job, imports and checks, is timed by a preview and left out.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from d9d_lr.runs.results import read_result
from helpers.kills import differences
from helpers.small_runs import environment

COMMON = ("train.device=cpu", "train.eval_every=100")
SWEEPS = {
    "six cooldowns from one hold": (
        "lr=wsd", "lr.phases.0.steps=50", "lr.phases.1.percentage=0.5,0.6,0.7,0.8,0.85,0.9",
    ),
    "four horizons of WSD": ("lr=wsd", "lr.phases.0.steps=50", "train.total_steps=300,400,500,600"),
    "cosines of four lengths": ("lr=warmup_cosine", "lr.phases.0.steps=100", "train.total_steps=300,400,500,600"),
}  # fmt: skip


def timed(*arguments):
    """Runs a command; returns its seconds on the clock."""
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "d9d_lr.train", "-m", *COMMON, *arguments],
        capture_output=True,
        text=True,
        env=environment(),
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return time.perf_counter() - started, done.stdout


def trained(folder):
    """Returns the steps that were trained, those of trunks included."""
    folders = [path.parent for path in folder.rglob("result.json")]
    return sum(read_result(each).trained_steps for each in folders)


def main():
    """Prints the figures of each sweep."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=400, help="steps of a run of the first sweep")
    parser.add_argument("overrides", nargs="*")
    given = parser.parse_args()
    worst = 0.0
    for name, arguments in SWEEPS.items():
        with tempfile.TemporaryDirectory() as root:
            everything = (f"train.total_steps={given.steps}", *arguments, *given.overrides)
            worst = max(worst, measured(name, Path(root), everything))
    say(f"the worst is {worst:.2f} times the ideal, on {len(os.sched_getaffinity(0))} cores")


def measured(name, root, arguments):
    """Runs one sweep whole and shared, and says what came of it."""
    whole, shared = root / "whole", root / "shared"
    before, preview = timed(*arguments, f"hydra.sweep.dir={shared}", "sweep.dry_run=true")
    whole_seconds, _ = timed(*arguments, f"hydra.sweep.dir={whole}", "sweep.share_prefixes=false")
    shared_seconds, _ = timed(*arguments, f"hydra.sweep.dir={shared}", "sweep.keep_branches=true")
    planned = next(line for line in preview.splitlines() if "to train" in line)
    points = sorted(path.name for path in whole.iterdir() if (path / "result.json").exists())
    differing = [line for point in points for line in differences(whole / point, shared / point)]
    steps, distinct = trained(whole), trained(shared)
    part = distinct / steps
    ratio, with_all = (shared_seconds - before) / (whole_seconds - before) / part, shared_seconds / whole_seconds / part
    say(f"{name}: {planned}")
    say(f"  trained {distinct} steps of {steps}; {len(differing)} differences in {len(points)} folders")
    say(f"  {shared_seconds:.1f} s shared, {whole_seconds:.1f} s whole, of both {before:.1f} s before the first job")
    say(f"  {ratio:.2f} times the ideal ({with_all:.2f} with all of the time)")
    return ratio


def say(line):
    """Writes a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

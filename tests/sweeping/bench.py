"""What a sweep of 200 short runs costs beyond their training: `make bench-sweep`, a few minutes. Not a test."""

import json
import re
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ARGUMENTS = [
    "task=digits", "task.width=16", "train.total_steps=20", "train.eval_every=20", "lr=warmup_cosine",
    "lr.phases.0.steps=range(1,11)", "train.seed=range(0,20)",
]  # fmt: skip


def timed(folder, *arguments):
    """Runs a sweep; returns its seconds on the clock and on the processor, and its output."""
    before, started = processor_seconds(), time.perf_counter()
    command = [sys.executable, "-m", "d9d_lr.train", "-m", *ARGUMENTS, *arguments, f"hydra.sweep.dir={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, processor_seconds() - before, done.stdout


def processor_seconds():
    """What the commands run so far took on the processor."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main():
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "sweep")
        preview, preview_cpu, shown = timed(folder, "sweep.dry_run=true")
        count = int(re.search(r"(\d+) points; nothing was started", shown).group(1))
        say(f"{count} points: checked and shown in {preview:.1f} s ({preview_cpu:.1f} s of processor)")
        whole, whole_cpu, _ = timed(folder, *sys.argv[1:])
        seconds = sum(json.loads(path.read_text())["seconds"] for path in folder.glob("*/result.json"))
        say(f"the sweep took {whole:.1f} s ({whole_cpu:.1f} s of processor), of which {seconds:.1f} s training")
        beyond = 1000 * (whole - preview - seconds) / count
        say(f"each job took {beyond:.0f} ms beyond its training and checking")
        peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        say(f"peak memory of the sweep's process: {peak_kib / 1024:.0f} MiB")
        again, again_cpu, _ = timed(folder, *sys.argv[1:])
        say(f"started again with nothing left to do: {again:.1f} s ({again_cpu:.1f} s of processor)")


def say(line):
    """Writes a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

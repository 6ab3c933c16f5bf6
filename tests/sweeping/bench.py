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
    """Runs a sweep and returns its wall-clock seconds and its output."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "d9d_lr.train", "-m", *ARGUMENTS, *arguments, f"hydra.sweep.dir={folder}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return time.perf_counter() - started, done.stdout


def main():
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "sweep")
        preview, shown = timed(folder, "sweep.dry_run=true")
        count = int(re.search(r"(\d+) points; nothing was started", shown).group(1))
        whole, _ = timed(folder, *sys.argv[1:])
        again, _ = timed(folder, *sys.argv[1:])
        seconds = sum(json.loads(path.read_text())["seconds"] for path in folder.glob("*/result.json"))
    peak_kib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    sys.stdout.write(
        f"{count} points: checked and shown in {preview:.1f} s, {1000 * preview / count:.0f} ms each\n"
        f"the sweep took {whole:.1f} s, of which {seconds:.1f} s training\n"
        f"overhead per job beyond training: {1000 * (whole - preview - seconds) / count:.0f} ms, "
        f"with checking {1000 * (whole - seconds) / count:.0f} ms\n"
        f"started again with nothing left to do: {again:.1f} s\n"
        f"peak memory of the sweep's process: {peak_kib / 1024:.0f} MiB\n"
    )


if __name__ == "__main__":
    main()

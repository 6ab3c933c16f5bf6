"""Starting: what a user waits for before anything is trained."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator

from benchmarks.measuring import Row, command
from d9d_lr.composing.paths import APP_DIR

OURS = ("-m", "d9d_lr.train")
BARE = f"""
import hydra
@hydra.main(config_path={str(APP_DIR)!r}, config_name="config", version_base="1.3")
def main(config):
    pass
main()
"""
POINTS = 1_000


def rows() -> Iterator[Row]:
    """Showing the configuration, the first line on the screen, and checking a sweep of a thousand points."""
    yield Row(
        "`--cfg job`",
        "a bare Hydra application with the same tree",
        lambda: command(*OURS, "--cfg", "job"),
        lambda: command("-c", BARE, "--cfg", "job"),
        goal=1.1,
        rounds=7,
    )
    yield Row(
        "the first line on the screen, on the clock",
        "`import torch`",
        lambda: _until_first_line([sys.executable, *OURS, "task=digits", "train.total_steps=1"]),
        lambda: command("-c", "import torch", clock=True),
        within=1.0,
        rounds=5,
    )
    yield Row(
        f"checking {POINTS} points of a sweep, and drawing them",
        f"Hydra composing {POINTS // 20} of them, times 20",
        lambda: command(*_checking(POINTS)),
        lambda: 20 * _composing(POINTS // 20),
        within=5.0,
        rounds=2,
    )


def _checking(points: int) -> list[str]:
    values = [
        f"lr.phases.0.steps={','.join(str(10 * one) for one in range(1, 11))}",
        f"train.seed=range({points // 10})",
    ]
    return [*OURS, "-m", "task=digits", *values, "sweep.dry_run=true", "hydra.sweep.dir=s"]


def _composing(points: int) -> float:
    code = f"""
import time
from hydra import compose, initialize_config_dir
with initialize_config_dir({str(APP_DIR)!r}, version_base="1.3"):
    start = time.process_time()
    for seed in range({points}):
        compose("config", overrides=["task=digits", "lr.phases.0.steps=10", f"train.seed={{seed}}"])
    print(time.process_time() - start)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(done.stdout)


def _until_first_line(words: list[str]) -> float:
    """Returns the seconds until a program writes something to its terminal."""
    ours, its = pty.openpty()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        process = subprocess.Popen(words, cwd=folder, stdin=subprocess.DEVNULL, stdout=its, stderr=its)
        os.close(its)
        os.read(ours, 1)
        took = time.perf_counter() - start
        process.kill()
        process.wait()
    os.close(ours)
    return took

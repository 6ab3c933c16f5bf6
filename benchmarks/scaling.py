"""What grows: time and memory by three sizes, each in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measuring import seconds_text
from benchmarks.sweeping import TINY

HEAD = "| what grows | sizes | seconds of the processor | for each | memory at most |\n| --- | --- | --- | --- | --- |"

SCHEDULE = """
import sys, numpy
from d9d_lr import AutoLRSchedulerConfig, build_schedule
phases = int(sys.argv[1])
curve = {"type": "linear"}
each = [{"mode": "steps", "steps": 10, "target_multiplier": at % 2 / 2 + 0.1, "curve": curve} for at in range(phases)]
config = AutoLRSchedulerConfig.model_validate({"initial_multiplier": 0.0, "phases": each})
schedule = build_schedule(config, 10 * phases)
steps = numpy.arange(10 * phases)
assert schedule.multipliers(steps)[5] == schedule.multiplier(5)
"""
SUMMARY = """
import sys
from pathlib import Path
from d9d_lr.sweeping.tables import show_outcome
show_outcome(Path("s"))
"""


@dataclass(frozen=True)
class Scale:
    """Work of several sizes.

    Attributes:
        work: What is done.
        sizes: The sizes.
        command: What Python is given for a size.
        before: Makes what is read, in a folder.
    """

    work: str
    sizes: tuple[int, ...]
    command: Callable[[int], list[str]]
    before: Callable[[Path, int], None] = lambda folder, size: None


def rows() -> Iterator[Scale]:
    """Long schedules, many runs to sum up, many jobs."""
    yield Scale(
        "a schedule of phases, read from JSON", (1_000, 3_000, 10_000), lambda size: ["-c", SCHEDULE, str(size)]
    )
    yield Scale("the summary of a sweep of runs", (500, 1_500, 5_000), lambda size: ["-c", SUMMARY], _runs)
    seeds = ["train.resume=never", "hydra.sweep.dir=s"]
    yield Scale("a sweep of tiny jobs", (100, 300, 1_000), lambda size: [*TINY, f"train.seed=range({size})", *seeds])


def line(scale: Scale) -> str:
    """Measures, and returns the row of the table."""
    took = [_measured(scale, size) for size in scale.sizes]
    cells = [
        " / ".join(f"{size:,}".replace(",", " ") for size in scale.sizes),
        " / ".join(seconds_text(seconds) for seconds, _ in took),
        " / ".join(seconds_text(seconds / size) for size, (seconds, _) in zip(scale.sizes, took, strict=True)),
        " / ".join(f"{kib / 1024:.0f} MiB" for _, kib in took),
    ]
    return f"| {' | '.join([scale.work, *cells])} |"


def _measured(scale: Scale, size: int) -> tuple[float, int]:
    """Returns seconds of the processor, and the most memory in KiB."""
    with tempfile.TemporaryDirectory() as folder:
        scale.before(Path(folder), size)
        words = [sys.executable, *scale.command(size)]
        with (Path(folder) / "out").open("w") as out:
            process = subprocess.Popen(words, cwd=folder, stdout=out, stderr=out)
            _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise RuntimeError((Path(folder) / "out").read_text()[-2000:])
    return used.ru_utime + used.ru_stime, used.ru_maxrss


def _runs(folder: Path, size: int) -> None:
    """Writes the folders of a sweep over schedules, rates and seeds, as training leaves them."""
    from d9d_lr.runs.record import RecordedPoint, add_points
    from d9d_lr.runs.results import RunResult, write_result

    points = []
    for number in range(size):
        swept = {"lr.phases.0.steps": f"{10 + number % 10}", "optimizer.lr": f"0.00{1 + number // 10 % 9}"}
        swept["train.seed"] = str(number // 90)
        name = ",".join(f"{key}={value}" for key, value in swept.items())
        points.append(
            RecordedPoint(folder=name, changed=swept, command=f"python -m d9d_lr.train {name}", identity=name)
        )
        run = folder / "s" / name
        run.mkdir(parents=True)
        loss = 2 + 0.01 * (number % 10) + 0.1 * (number // 10 % 9) + number * 1e-6
        final = {"step": 100, "val_loss": loss}
        result = RunResult(
            status="completed", objective=loss, final=final, best=final, total_steps=100, steps=100, seconds=1.0,
            overrides=[f"{key}={value}" for key, value in swept.items()], fingerprint=name, error=None,
        )  # fmt: skip
        write_result(run, result)
    add_points(folder / "s", points)

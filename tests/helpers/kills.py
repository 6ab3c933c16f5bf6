"""Killing runs at random moments, starting them again in their folders, and comparing how they end.

The tests kill a few dozen times; `tests/soak/kill_runs.py` goes on for minutes.
"""

import multiprocessing
import os
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from d9d_lr.runs.results import read_result
from d9d_lr.train import main
from d9d_lr.training.checkpoints import load_checkpoint
from d9d_lr.training.run import run_training
from d9d_lr.training.settings import Settings
from helpers.small_runs import environment

LONGEST_SECONDS = 600
"""For one start to get anywhere: what takes a quarter of a minute took minutes on a machine with ten times its work."""
FORKSERVER = multiprocessing.get_context("forkserver")
FORKSERVER.set_forkserver_preload(["__main__", "torch._dynamo", "pydoc_data.topics", "helpers.kills"])


class Process(Protocol):
    """A run that goes on in a process of its own."""

    def kill(self) -> None: ...

    def wait(self, seconds: float | None) -> int | None:
        """Returns the exit status, or None if it still goes on after `seconds`."""

    def said(self) -> str:
        """Returns the end of what it printed, as far as that was kept."""


@dataclass
class Killed:
    """What a run has been through.

    Attributes:
        kills: Times that it was killed in the middle.
        starts: Times that it was started.
    """

    kills: int
    starts: int


def train_quietly(settings: Settings, folder: Path) -> None:
    """Trains in this process, without a word."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    run_training(settings, folder, [], summary=False)


class Forked:
    """A run in a process that has everything imported already: it starts within milliseconds."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._process = FORKSERVER.Process(target=train_quietly, args=(settings, folder))
        self._process.start()

    def kill(self) -> None:
        self._process.kill()

    def wait(self, seconds: float | None) -> int | None:
        self._process.join(seconds)
        return self._process.exitcode

    def said(self) -> str:
        return ""


MARK = "D9D_LR_KILLS"
"""An environment variable by which a command's processes are known, those of other sessions too."""


class Commanded:
    """A run, or a sweep, by the real command line.

    Attributes:
        mark: What its processes have in their environment, for `processes_left`.
        alone: Whether it alone is killed, and the processes that it started are to end by themselves.
        more: What else its environment holds.
    """

    def __init__(self, *arguments: str, mark: str = "", alone: bool = False, **more: str) -> None:
        self._alone = alone
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - it is read where the command fails
        weakref.finalize(self, self._output.close)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "d9d_lr.train", *arguments],
            stdout=self._output,
            stderr=self._output,
            env=environment(**more) | {MARK: mark},
            start_new_session=True,
        )

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            if self._alone:
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)

    def wait(self, seconds: float | None) -> int | None:
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def said(self) -> str:
        self._output.seek(0)
        return self._output.read().decode(errors="replace")[-4000:]


def sweep_quietly(arguments: tuple[str, ...]) -> None:
    """Sweeps in this process, without a word."""
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, 1)
    os.dup2(devnull, 2)
    sys.argv = ["train", "--multirun", *arguments]
    main()


class ForkedSweep(Forked):
    """A sweep in a process that has everything imported already; its jobs run in that process too."""

    def __init__(self, *arguments: str) -> None:
        self._process = FORKSERVER.Process(target=sweep_quietly, args=(arguments,))
        self._process.start()


def processes_left(mark: str, seconds: float) -> list[int]:
    """Waits for the processes of commands with a mark to end; returns those that still run after `seconds`."""
    deadline = time.monotonic() + seconds
    while (left := _marked(mark)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _marked(mark: str) -> list[int]:
    wanted, found = f"{MARK}={mark}".encode(), []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state = (process / "stat").read_text(errors="replace").rpartition(")")[2].split()[0]
            if state not in "ZX" and wanted in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


@dataclass(frozen=True)
class Moment:
    """When to kill: so many seconds after the metrics files have so many lines.

    Lines and not seconds alone, so that a busy machine is killed as far into its work as an idle one.
    """

    lines: int
    seconds: float


def moments(seed: int, lines: int) -> Iterator[Moment]:
    """Yields random moments anywhere in a run that writes `lines` lines: at its start, in its saves, at its end."""
    generator = random.Random(seed)
    while True:
        yield Moment(generator.randint(0, lines), generator.uniform(0.0, 0.03))


def run_killed(start: Callable[[], Process], folder: Path, chosen: Iterator[Moment], kills: int) -> Killed:
    """Starts a run again and again until it ends; kills the first `kills` starts, where they live that long."""
    lived = Killed(0, 0)
    while True:
        process = start()
        lived.starts += 1
        try:
            alive = lived.kills < kills
            status = _wait_until(process, folder, next(chosen)) if alive else process.wait(LONGEST_SECONDS)
        except BaseException:
            process.kill()  # or it goes on in a folder that is removed
            raise
        if status is None:
            process.kill()
            process.wait(10)
            lived.kills += 1
            assert lived.kills <= kills, "the run does not end"
        else:
            assert status == 0, f"the run ended with status {status}: {process.said()}"
            return lived


def _wait_until(process: Process, folder: Path, moment: Moment) -> int | None:
    """Waits for a moment; returns the exit status if the run ended before."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while lines_below(folder) < moment.lines:
        status = process.wait(0.001)
        if status is not None:
            return status
        assert time.monotonic() < deadline, f"the run does not come to line {moment.lines}"
    return process.wait(moment.seconds)


def lines_below(folder: Path) -> int:
    """Counts the lines of all metrics files in a run folder, or in the folder of a sweep that goes on meanwhile."""
    lines = 0
    for place, _, names in os.walk(folder):  # which does not mind that folders vanish
        if "metrics.jsonl" in names:
            with suppress(FileNotFoundError):
                lines += Path(place, "metrics.jsonl").read_bytes().count(b"\n")
    return lines


def differences(undisturbed: Path, other: Path) -> list[str]:
    """Returns in what two run folders differ, seconds and who trained what aside; none is what resuming must show."""
    found = [
        f"{name} differs"
        for name in ("metrics.jsonl", "schedule.json")
        if (undisturbed / name).read_bytes() != (other / name).read_bytes()
    ]
    first, second = (read_result(folder) for folder in (undisturbed, other))
    assert first is not None
    assert second is not None
    aside = {"seconds": 0.0, "trained_steps": None}
    if first.model_copy(update=aside) != second.model_copy(update=aside):
        found.append(f"result.json: {first} and {second}")
    found += [f"left behind: {path}" for path in other.rglob("*.partial")]
    bits = differing_bits(undisturbed, other)
    return [*found, f"{bits} bits of the checkpoint differ"] if bits else found


def differing_bits(undisturbed: Path, other: Path) -> int:
    """Counts the bits in which the final checkpoints differ: model, optimizer and scheduler."""
    first, second = (load_checkpoint(folder / "checkpoint.pt") for folder in (undisturbed, other))
    return sum(
        differing(getattr(first, part), getattr(second, part)) for part in ("step", "model", "optimizer", "scheduler")
    )


def differing(first: Any, second: Any) -> int:
    """Counts the bits in which two values differ, whatever they are made of."""
    match first, second:
        case Tensor(), Tensor():
            if first.dtype != second.dtype or first.shape != second.shape:
                return 8 * first.nbytes
            pair = [tensor.contiguous().reshape(-1).view(torch.uint8) for tensor in (first, second)]
            return sum(byte.bit_count() for byte in (pair[0] ^ pair[1]).tolist())
        case dict(), dict():
            missing = 64 * len(first.keys() ^ second.keys())
            return missing + sum(differing(first[key], second[key]) for key in first.keys() & second.keys())
        case ((list() | tuple()), (list() | tuple())):
            missing = 64 * abs(len(first) - len(second))
            return missing + sum(differing(*pair) for pair in zip(first, second, strict=False))
        case float(), float():
            pair = [struct.unpack("<Q", struct.pack("<d", value))[0] for value in (first, second)]
            return (pair[0] ^ pair[1]).bit_count()
        case _:
            return 0 if first == second else 64

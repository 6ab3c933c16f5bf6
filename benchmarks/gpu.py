"""Training on one GPU: `make bench-gpu`, some three minutes, or `python -m benchmarks.gpu`.

It runs the tests that need one, measures a step against one by hand, looks whether a step waits for the GPU, and sweeps
with two workers that each take a GPU of their own: the only one, under its two names. It prints a table, and writes it
to gpu.md in the folder $OUT where that is set.

`python -m benchmarks.gpu cpu` goes through as much of it as there is without a GPU.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
from torch.profiler import ProfilerActivity, profile

from benchmarks import training
from benchmarks.measuring import HEAD, measure
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.results import read_result
from d9d_lr.training.loop import Observer, Row

REPO = Path(__file__).parents[1]
STEPS = 60
WATCHED = range(10, 50)
"""The steps that are looked at: what is made once is made by then, and the last is not yet evaluated."""
NOTES = "D9D_LR_BENCH_NOTES"
WAITS = {"cudaStreamSynchronize", "cudaDeviceSynchronize", "cudaEventSynchronize", "cudaMemcpy"}
"""What the profiler calls it when the processor waits for the GPU."""

Outcome = tuple[str, str, bool]
"""What was done, what came out, and whether that is as it should be."""
Part = Callable[[str], Iterator[Outcome]]


def main(device: str) -> int:
    """Does all of it; returns how many parts did not come out as they should."""
    if device == "cuda" and not torch.cuda.is_available():
        sys.exit("there is no GPU here; python -m benchmarks.gpu cpu goes through the rest")
    table, bad = _Table(device), 0
    for part in (_waits, _sweep, _tests):
        began = time.perf_counter()
        for what, came_out, good in _whatever_happens(part, device):
            bad += not good
            table.say(f"| {what} | {came_out} | {'yes' if good else '**NO**'} |")
        table.say(f"| ({part.__name__.strip('_')}) | {time.perf_counter() - began:.0f} s | |")
    table.say(f"\n{HEAD}")
    for row in training.rows(device, rounds=9):
        table.say(measure(row).line)
    return bad


def _whatever_happens(part: Part, device: str) -> Iterator[Outcome]:
    """Yields what a part does; time on a GPU is short, and an error in one is none in the others."""
    try:
        yield from part(device)
    except Exception as error:
        traceback.print_exc()
        yield part.__name__.strip("_"), f"{type(error).__name__}: {error}".splitlines()[0], False


class _Table:
    """Prints lines, and keeps them in a file as they come."""

    def __init__(self, device: str) -> None:
        out = os.environ.get("OUT")
        self._file = Path(out) / "gpu.md" if out else None
        name = torch.cuda.get_device_name() if device == "cuda" else "no GPU"
        self._lines = [
            f"Python {sys.version.split()[0]}, torch {torch.__version__}, {name}, {os.cpu_count()} cores",
            "",
            "| what | came out | as it should |",
            "| --- | --- | --- |",
        ]
        print("\n".join(self._lines), flush=True)

    def say(self, line: str) -> None:
        print(line, flush=True)
        self._lines.append(line)
        if self._file:
            self._file.write_text("\n".join([*self._lines, ""]))


def _tests(device: str) -> Iterator[Outcome]:
    """Runs tests/training/test_cuda.py; without a GPU it is skipped."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "-W", "default", "-rs"]
    done = subprocess.run(
        [*command, "tests/training/test_cuda.py"], cwd=REPO, capture_output=True, text=True, timeout=150, check=False
    )
    last = done.stdout.strip().splitlines()[-1:] or [done.stderr[-300:]]
    if done.returncode:
        print(done.stdout[-6000:], done.stderr[-2000:])
    passed = "passed" in last[0] if device == "cuda" else "skipped" in last[0]
    yield "`tests/training/test_cuda.py`", last[0].strip("= "), passed and not done.returncode


def _waits(device: str) -> Iterator[Outcome]:
    """Trains with a GPU that no step may wait for, and counts in the profiler's record what waits there are."""
    tensor_lr = ("optimizer._target_=benchmarks.gpu.capturable_adamw",)
    cases = {"task=charlm": (), "task=digits": (), "task=digits, rates as GPU tensors": tensor_lr}
    for name, overrides in cases.items():
        task = name.partition(",")[0]
        settings = training.settings_of(
            task, f"train.total_steps={STEPS}", "train.log_every=1000", f"train.device={device}", *overrides
        )
        said = "no step waits"
        try:
            training.trained(settings, lambda recorder: _Watching(recorder, _forbid, _allow))
        except (RuntimeError, RunError) as error:
            said = str(error).splitlines()[0]
        finally:
            _allow()
        yield f"steps {WATCHED.start} to {WATCHED.stop}, `{name}`: torch's sync debug mode", said, "no step" in said
        count = _counted(lambda around, run=settings: training.trained(run, around))
        yield f"the same by the profiler: waits in {len(WATCHED)} steps", str(count), not count
    if device == "cuda":  # that both would see it
        count = _counted(lambda around: training.trained(settings, lambda recorder: _Asking(around(recorder))))
        yield "the same where each step asks for a number: the profiler sees", str(count), count >= len(WATCHED)
        said = "no wait seen"
        try:
            training.trained(settings, lambda recorder: _Asking(_Watching(recorder, _forbid, _allow)))
        except (RuntimeError, RunError) as error:
            said = str(error).splitlines()[0]
        finally:
            _allow()
        yield "and the sync debug mode", said, "no wait" not in said


def _forbid() -> None:
    if torch.cuda.is_available():
        torch.cuda.set_sync_debug_mode("error")


def _allow() -> None:
    if torch.cuda.is_available():
        torch.cuda.set_sync_debug_mode("default")


def _counted(trained: Callable[[Callable[[Any], Observer]], object]) -> int:
    """Returns the waits in the steps that are looked at, without those of the profiler itself."""
    recorded, empty = _profiler(), _profiler()
    trained(lambda recorder: _Watching(recorder, recorded.start, recorded.stop))
    with empty:
        pass
    return _waits_in(recorded) - _waits_in(empty)


def _profiler() -> profile:
    return profile(activities=[ProfilerActivity.CPU, *[ProfilerActivity.CUDA] * torch.cuda.is_available()])


def _waits_in(recorded: profile) -> int:
    return sum(event.count for event in recorded.key_averages() if event.key in WAITS)


class _Watching(Observer):
    """Has something begin and end around the steps that are looked at, and hands the rest on."""

    def __init__(self, inner: Observer, begin: Callable[[], None], end: Callable[[], None]) -> None:
        self._inner, self._begin, self._end = inner, begin, end

    def advance(self, step: int) -> None:
        self._inner.advance(step)
        if step == WATCHED.start:
            self._begin()
        if step == WATCHED.stop:
            self._end()

    def record(self, step: int, row: Row) -> None:
        self._inner.record(step, row)


class _Asking(_Watching):
    """Reads a number off the GPU at every step, as a loop that logs each loss does."""

    def __init__(self, inner: Observer) -> None:
        super().__init__(inner, lambda: None, lambda: None)
        self._number = torch.ones(1, device="cuda")

    def advance(self, step: int) -> None:
        self._number.item()
        super().advance(step)


def capturable_adamw(params: list[torch.nn.Parameter], lr: float = 1e-3) -> torch.optim.Optimizer:
    """An optimizer whose learning rate is a tensor beside its parameters; it notes where they are."""
    device = params[0].device
    if NOTES in os.environ:
        with Path(os.environ[NOTES]).open("a") as file:
            file.write(f"{os.getpid()} {os.environ.get('CUDA_VISIBLE_DEVICES', 'any')} {device}\n")
    return torch.optim.AdamW(params, lr=torch.tensor(lr, device=device), capturable=device.type == "cuda")


def _sweep(device: str) -> Iterator[Outcome]:
    """Sweeps by joblib with two workers and `train.device=auto`."""
    names = ["0", "GPU-0"]
    if device == "cuda":
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=True).stdout
        names = ["0", listed.partition("UUID: ")[2].partition(")")[0]]
    with tempfile.TemporaryDirectory() as folder:
        notes = Path(folder) / "notes"
        search = os.pathsep.join([str(REPO), os.environ.get("PYTHONPATH", "")])
        environment = {**os.environ, NOTES: str(notes), "CUDA_VISIBLE_DEVICES": ",".join(names), "PYTHONPATH": search}
        words = [
            "task=digits",
            "train.device=auto",
            "train.total_steps=600",
            "lr=warmup_cosine",
            "lr.phases.0.steps=10",
        ]
        parallel = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "train.seed=0,1,2,3,4,5,6,7"]
        command = [sys.executable, "-m", "d9d_lr.train", "-m", *words, *parallel]
        done = subprocess.run(
            [*command, f"hydra.sweep.dir={folder}/s", "optimizer._target_=benchmarks.gpu.capturable_adamw"],
            cwd=folder, env=environment, capture_output=True, text=True, timeout=150, check=False,
        )  # fmt: skip
        if done.returncode:
            print(done.stdout[-4000:], done.stderr[-4000:])
        results = [read_result(each) for each in sorted(Path(folder, "s").glob("train.seed=*"))]
        completed = sum(result is not None and result.status == "completed" for result in results)
        yield "a sweep by joblib, `train.device=auto`, two workers", f"{completed} of 8 completed", completed == 8
        noted = [line.split() for line in notes.read_text().splitlines()] if notes.exists() else []
    by_worker = {worker: {line[1] for line in noted if line[0] == worker} for worker in {line[0] for line in noted}}
    said = "; ".join(" and ".join(sorted(each)) for each in by_worker.values())
    taken = sorted(name for each in by_worker.values() for name in each)
    yield "`CUDA_VISIBLE_DEVICES` of each worker", said or "none", taken == sorted(names)
    devices = {line[2] for line in noted}
    yield "where the parameters are", " ".join(sorted(devices)), devices == {"cuda:0" if device == "cuda" else "cpu"}


if __name__ == "__main__":
    sys.exit(main(*(sys.argv[1:] or ["cuda"])))

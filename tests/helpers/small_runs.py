"""Small runs for the tests of this room."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from d9d_lr.composing.compose import compose_checked
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.runs.metrics import read_metrics
from d9d_lr.train import main
from d9d_lr.training import randomness
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.run import run_training
from d9d_lr.training.settings import Settings
from helpers.running import arguments_are

SHORT = ("lr.phases.0.steps=4", "train.total_steps=20", "train.batch_size=8", "train.eval_every=5")
PLAIN = ("train.log_every=1", "train.device=cpu", "train.num_threads=1")
DIGITS = ("task=digits", "task.width=8", "task.dropout=0.2", *SHORT, *PLAIN)
CHARLM = (
    "task.width=8",
    "task.layers=1",
    "task.heads=2",
    "task.context_length=8",
    "task.eval_batches=1",
    *SHORT,
    *PLAIN,
)

ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), str(Path(__file__).parents[2])]),
    "COLUMNS": "80",
}


@cache
def settings(*overrides: str) -> Settings:
    """Composes and validates what the command line would."""
    return compose_checked(APP_DIR, "config", overrides, resolve_settings)


def run(folder: Path, *overrides: str) -> float:
    """Runs in this process, in a folder that is made if need be."""
    folder.mkdir(exist_ok=True, parents=True)
    return run_training(settings(*overrides), folder, list(overrides), summary=False)


@contextmanager
def stopping_before(monkeypatch: pytest.MonkeyPatch, step: int) -> Iterator[None]:
    """Runs in this block are interrupted, as by SIGTERM, before they do a step."""

    def seed_step(seed: int, now: int, rank: int) -> None:
        if now == step - 1:  # the step in which the signal comes is done to its end
            signal.raise_signal(signal.SIGTERM)
        randomness.seed_step(seed, now, rank)

    with monkeypatch.context() as patched:
        patched.setattr("d9d_lr.training.loop.seed_step", seed_step)
        yield


def run_and_stop(monkeypatch: pytest.MonkeyPatch, step: int, folder: Path, *overrides: str) -> Path:
    """Runs until before a step, as `stopping_before` has it; returns the folder."""
    with stopping_before(monkeypatch, step), pytest.raises(KeyboardInterrupt):
        run(folder, *overrides)
    return folder


def rows(folder: Path) -> list[dict[str, float]]:
    return list(read_metrics(folder))


def result(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text())


def digest(folder: Path) -> dict[str, str]:
    """Returns a hash of every file below a folder, by path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR", "LANG")}
    return kept | ENVIRONMENT | more


def command_here(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Runs the command line within this process; returns its exit status, its output and its errors."""
    with arguments_are(*arguments):
        try:
            main()
            status = 0
        except SystemExit as ended:
            status = int(ended.code or 0)
    return status, *capsys.readouterr()


def command(*arguments: str, timeout: float = 120, **more: str) -> subprocess.CompletedProcess[str]:
    """Runs the real command line."""
    return subprocess.run(
        [sys.executable, "-m", "d9d_lr.train", *arguments],
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(**more),
        check=False,
    )

import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from stub_app import BEHAVIOURS, job

from d9d_lr.composing.cli import run_application
from d9d_lr.training import loop, randomness

STUB_APP = Path(__file__).with_name("stub_app.py")
FOREIGN_APP = Path(__file__).with_name("foreign") / "app.py"


@dataclass
class Outcome:
    """What a command did: its exit status, and what it wrote."""

    status: int
    out: str
    err: str


def outcome_of(call, capsys):
    """Returns what came of calling something that may end as a command does."""
    status = 0
    try:
        call()
    except SystemExit as end:
        status = end.code
    captured = capsys.readouterr()
    return Outcome(status, captured.out, captured.err)


def in_process(program, job, monkeypatch, capsys):
    """Returns what sweeps an application in this process, as `python PROGRAM -m ARGUMENTS hydra.sweep.dir=s` would."""

    def run(*arguments, folder="s"):
        monkeypatch.setattr(sys, "argv", [program, "-m", *arguments, f"hydra.sweep.dir={folder}"])
        return outcome_of(lambda: run_application(job), capsys)

    return run


@pytest.fixture
def behaviours(in_tmp):
    """The files that make the stub behave."""
    for how in BEHAVIOURS:
        (in_tmp / how).touch()
        (in_tmp / f"once_{how}").touch()


@pytest.fixture
def sweep(behaviours, monkeypatch, capsys):
    """Sweeps the stub application in this process."""
    return in_process("stub_app.py", job, monkeypatch, capsys)


@pytest.fixture
def command(behaviours):
    """Runs the stub application, or a module, as a command of its own."""

    def run(*arguments, module=None, folder="s", check_seconds=300):
        program = ["-m", module] if module else [str(STUB_APP)]
        typed = ["-m", *arguments, f"hydra.sweep.dir={folder}"] if folder else arguments
        done = subprocess.run(
            [sys.executable, *program, *typed],
            capture_output=True,
            text=True,
            timeout=check_seconds,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def foreign(in_tmp, monkeypatch, capsys):
    """Runs the application of somebody else's in this process, as `python app.py ARGUMENTS` would."""
    monkeypatch.syspath_prepend(str(FOREIGN_APP.parent))

    def run(*arguments, folder="s"):
        typed = ["-m", *arguments, f"hydra.sweep.dir={folder}"] if folder else arguments
        monkeypatch.setattr(sys, "argv", [str(FOREIGN_APP), *typed])
        return outcome_of(lambda: runpy.run_path(str(FOREIGN_APP), run_name="__main__"), capsys)

    return run


@pytest.fixture
def trained(monkeypatch):
    """The steps that were trained, in order."""
    steps = []

    def seed_step(seed, step, rank):
        steps.append(step)
        randomness.seed_step(seed, step, rank)

    monkeypatch.setattr(loop, "seed_step", seed_step)
    return steps

"""What is on the screen at once: before anything is composed, and before torch is imported."""

import io
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from d9d_lr.training.starting import show_composing
from helpers.small_runs import ENVIRONMENT, command, environment


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_something_in_its_first_second():
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "d9d_lr.train", "train.total_steps=-1"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment(TERM="xterm"),
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = os.read(ours, 65536)
        # Of the processor, for other programs may keep it from us: user and system time, in ticks.
        spent = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        assert process.wait(60) == 2
    os.close(ours)
    assert shown.startswith(b"composing and checking the configuration")
    assert sum(map(int, spent)) / os.sysconf("SC_CLK_TCK") < 1.0


@pytest.mark.parametrize("arguments", [["--help"], ["-c", "job"], ["--cfg=job"], ["--info"], ["-sc", "query=bash"]])
def test_what_only_prints_stays_as_it_is(arguments, monkeypatch):
    monkeypatch.setattr(sys, "stderr", Terminal())
    show_composing(arguments)
    assert sys.stderr.getvalue() == ""


def test_a_log_begins_with_the_run(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    show_composing(["lr=wsd"])
    assert sys.stderr.getvalue() == ""


def test_a_run_says_what_it_trains_before_torch_is_imported(tmp_path):
    hidden = tmp_path / "torch"
    hidden.mkdir()
    (hidden / "__init__.py").write_text("raise ImportError('torch is not looked at before')\n")
    searched = os.pathsep.join([str(tmp_path), ENVIRONMENT["PYTHONPATH"]])
    stopped = command("task=digits", "lr=warmup_cosine", f"hydra.run.dir={tmp_path}/run", PYTHONPATH=searched)
    assert "task=digits lr=warmup_cosine, 1000 steps; importing torch" in stopped.stdout + stopped.stderr
    assert "torch is not looked at before" in stopped.stderr

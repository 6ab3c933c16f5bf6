"""What only the real command line shows: signals, a terminal, a sweep that branches."""

import json
import os
import pty
import re
import select
import shlex
import subprocess
import sys

import pytest

from d9d_lr.train import command_again
from helpers.small_runs import DIGITS, PLAIN, SHORT, command, environment, result, rows, run

LINE = ("task._target_=helpers.user_defined.LineTask", *SHORT, *PLAIN)
SIGNALLED = ("task._target_=helpers.user_defined.SignalsItself", "+task.step=13", *SHORT, *PLAIN)


def test_sigterm_saves_and_the_command_that_is_told_goes_on(tmp_path):
    folder = tmp_path / "my 'first' run"
    stopped = command(*SIGNALLED, f"hydra.run.dir='{str(folder).replace(chr(39), chr(92) + chr(39))}'")
    assert stopped.returncode == 130
    assert "Traceback" not in stopped.stderr
    assert f"interrupted after step 14 of 20; saved in {folder}" in stopped.stderr
    assert result(folder)["status"] == "interrupted"

    again = re.search(r"^go on with: python (.*)$", stopped.stderr, re.MULTILINE).group(1)
    ended = subprocess.run(
        [sys.executable, *shlex.split(again)], env=environment(), timeout=120, check=True, capture_output=True
    )
    assert ended.returncode == 0
    run(tmp_path / "undisturbed", *LINE)
    assert rows(folder) == rows(tmp_path / "undisturbed")
    assert result(folder)["status"] == "completed"


@pytest.mark.parametrize(
    ("typed", "place", "told"),
    [
        ([], "hydra.run.dir=outputs/a", "hydra.run.dir=outputs/a"),
        (["lr=wsd", "hydra.run.dir=b"], "hydra.run.dir=a", "hydra.run.dir=a lr=wsd"),
        (
            ["-cd", "sweeps", "-cn", "x", "--multirun"],
            "hydra.sweep.dir=a",
            "hydra.sweep.dir=a -cd sweeps -cn x --multirun",
        ),
        (["lr.phases.0={a: 1}"], "hydra.run.dir=a", "hydra.run.dir=a 'lr.phases.0={a: 1}'"),
    ],
)
def test_the_command_that_goes_on_is_the_one_that_was_typed(typed, place, told):
    assert command_again(typed, place) == f"python -m d9d_lr.train {told}"


def test_under_torchrun_it_starts_as_many_processes(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    again = command_again(["lr=wsd"], "hydra.run.dir=a")
    assert again == "python -m torch.distributed.run --nproc_per_node 4 -m d9d_lr.train hydra.run.dir=a lr=wsd"


def test_ctrl_c_on_a_terminal_with_a_bar_saves_too(tmp_path):
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "d9d_lr.train", *SIGNALLED, "+task.signal_name=SIGINT", f"hydra.run.dir={tmp_path}/run"],
        stdin=theirs, stdout=theirs, stderr=theirs, env=environment(TERM="xterm"),
    ) as process:  # fmt: skip
        os.close(theirs)
        shown = everything_from(ours)
        assert process.wait(60) == 130
    assert result(tmp_path / "run")["steps"] == 14
    plain = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
    assert re.search(r"training [━╸╺ ]+ *13/20 .*lr [\d.]+ +train_loss", plain)
    assert "interrupted after step 14 of 20" in plain.replace("\r\n", "\n")


def everything_from(terminal):
    """Reads what is shown on a terminal until the last process leaves it."""
    shown = b""
    while select.select([terminal], [], [], 100)[0]:
        try:
            part = os.read(terminal, 65536)
        except OSError:  # how Linux says that nobody has the other end open
            break
        if not part:
            break
        shown += part
    os.close(terminal)
    return shown.decode(errors="replace")


def test_a_sweep_branches_cooldowns_from_one_checkpoint(tmp_path):
    run(tmp_path / "run", *DIGITS, "train.checkpoint_every=5", "train.keep_checkpoints=3")
    source = tmp_path / "run" / "checkpoints" / "step-000000010.pt"
    swept = command(
        *DIGITS, "+experiment=branch_cooldown", f"train.resume={source}", "lr.phases.1.steps=6",
        "train.total_steps=15,20", f"hydra.sweep.dir={tmp_path}/branches", "--multirun",
    )  # fmt: skip
    assert swept.returncode == 0, swept.stderr
    found = [path.parent for path in sorted(tmp_path.glob("branches/**/result.json"))]
    assert sorted(json.loads((path / "result.json").read_text())["total_steps"] for path in found) == [15, 20]
    for folder in found:
        first, last = rows(folder)[0], rows(folder)[-1]
        assert (first["step"], first["lr"], last["lr"]) == (10, 0.003, 0.0)

"""Shell completion of the entrypoint: Tab in a real bash and a real zsh, and no torch behind it."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time

import pytest

COMMAND = "d9d-lr-train"
SETUP = {
    "bash": 'eval "$(d9d-lr-train -sc install=bash)"',
    "zsh": "autoload -Uz compinit bashcompinit && compinit -u -D && bashcompinit; "
    'eval "$(d9d-lr-train -sc install=zsh)"',
}
START = {"bash": ["bash", "--norc", "-i"], "zsh": ["zsh", "-f", "-i"]}


@pytest.fixture
def environment(tmp_path):
    """A PATH with the console script on it, as an installation makes it; it says whether torch was imported."""
    script = tmp_path / COMMAND
    script.write_text(
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\nfrom d9d_lr.train import main\n"
        "try:\n    main()\nfinally:\n"
        f"    Path({str(tmp_path / 'torch')!r}).write_text(str('torch' in sys.modules))\n"
    )
    script.chmod(0o755)
    return {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "TERM": "dumb", "PS1": "$ "}


@pytest.mark.parametrize(
    ("line", "some", "none"),
    [
        ("lr=w", {"lr=wsd", "lr=warmup_cosine"}, {"lr=constant"}),
        ("lr.phases.0.curve.", {"lr.phases.0.curve.type="}, {"lr.phases.0.steps="}),
        ("lr.phases.0.s", {"lr.phases.0.steps="}, {"lr.phases.0.mode="}),
        ("task=d", {"task=digits"}, {"task=charlm"}),
    ],
)
def test_groups_options_and_keys_are_completed_without_torch(line, some, none, environment, tmp_path):
    asked = {**environment, "COMP_LINE": f"{COMMAND} {line}", "COMP_POINT": "99"}
    done = subprocess.run([COMMAND, "-sc", "query=bash"], env=asked, capture_output=True, text=True, check=True)
    offered = set(done.stdout.split())
    assert some <= offered
    assert not none & offered
    assert (tmp_path / "torch").read_text() == "False"


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab_completes_in_the_shell_itself(shell, environment, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    seen = typed(
        START[shell],
        [(f"{SETUP[shell]}; echo set''up done\n", "setup done"), (f"{COMMAND} lr=ws\t", "lr=wsd")],
        environment,
        tmp_path,
    )
    assert "lr=wsd" in seen


def typed(command, lines, environment, folder, limit_seconds=60):
    """Types lines into a program on a terminal of its own, waiting for what each brings; returns all that was shown."""
    leader, follower = pty.openpty()
    with subprocess.Popen(
        command, stdin=follower, stdout=follower, stderr=follower, env=environment, cwd=folder, start_new_session=True
    ) as program:
        os.close(follower)
        shown = b""
        for line, awaited in lines:
            os.write(leader, line.encode())
            end = time.monotonic() + limit_seconds
            while not re.search(awaited.encode(), shown) and time.monotonic() < end:
                if select.select([leader], [], [], 0.2)[0]:
                    shown += os.read(leader, 4096)
        program.kill()
    os.close(leader)
    return shown.decode(errors="replace")

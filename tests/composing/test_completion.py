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

from d9d_lr import completing
from d9d_lr.composing.completion import options_for

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
        f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\nfrom d9d_lr.completing import train as main\n"
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


@pytest.mark.parametrize(
    ("typed_so_far", "some", "none"),
    [
        ("lr=w", ["lr=wsd", "lr=warmup_cosine"], ["lr=constant"]),
        ("-m lr=wsd,war", ["lr=wsd,warmup_cosine", "lr=wsd,warmup_linear"], ["lr=wsd,wsd"]),
        ("lr/decay@lr.phases.2=", ["lr/decay@lr.phases.2=linear", "lr/decay@lr.phases.2=sqrt_to_zero"], []),
        ("lr=wsd +lr/decay@lr.phases.3=lin", ["+lr/decay@lr.phases.3=linear"], ["+lr/decay@lr.phases.3=poly"]),
        ("lr/curve@lr.phases.2.curve=pol", ["lr/curve@lr.phases.2.curve=poly"], []),
        ("task=", ["task=digits", "task=charlm"], []),
        ("lr=", ["lr=wsd", "lr=models/", "lr=systems/"], ["lr=warmup/", "lr=linear"]),
        ("-m lr=wsd,models/deepseek_v3", ["lr=wsd,models/deepseek_v3"], ["lr=wsd,models/gpt3"]),
        ("+experiment=short", ["+experiment=short_warmup"], []),
    ],
)
def test_options_of_groups_at_places_and_in_lists(typed_so_far, some, none):
    offered = options_for(f"{COMMAND} {typed_so_far}")
    assert set(some) <= set(offered)
    assert not set(none) & set(offered)
    assert all(word.startswith(typed_so_far.split()[-1]) for word in offered)


@pytest.mark.parametrize("typed_so_far", ["", "lr.phases.0.s", "lr.phases.0.steps=1", "nothing=", "--cfg", "'open"])
def test_what_names_no_group_is_left_to_hydra(typed_so_far):
    assert options_for(f"{COMMAND} {typed_so_far}") is None


def test_options_of_a_users_own(in_tmp):
    (in_tmp / "own" / "lr").mkdir(parents=True)
    (in_tmp / "own" / "lr" / "wmine.yaml").write_text("")
    assert "lr=wmine" in options_for(f"{COMMAND} -cd own lr=w")


def test_the_plot_script_completes_too(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["d9d-lr-plot", "-sc", "query=bash"])
    monkeypatch.setenv("COMP_LINE", "d9d-lr-plot lr=step")
    completing.plot()
    assert capsys.readouterr().out == "lr=step_list\n"


@pytest.mark.parametrize("word", ["lr/decay@lr.phases.2=", "lr.phases.0.s"])
def test_a_query_takes_half_a_second_of_processor_at_most(word, environment):
    asked = {**environment, "COMP_LINE": f"{COMMAND} {word}", "COMP_POINT": "99"}

    def spent():
        before = os.times()
        subprocess.run([COMMAND, "-sc", "query=bash"], env=asked, capture_output=True, check=True)
        after = os.times()
        return after.children_user + after.children_system - before.children_user - before.children_system

    # 0.04 s for an option, 0.32 s for a key, which Hydra composes for; a busy machine makes both longer
    assert min(spent() for _ in range(3)) < 0.5


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_tab_completes_in_the_shell_itself(shell, environment, tmp_path):
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    seen = typed(
        START[shell],
        [(f"{SETUP[shell]}; echo set''up done\n", "setup done"), (f"{COMMAND} lr=step\t", "lr=step_list")],
        environment,
        tmp_path,
    )
    assert "lr=step_list" in seen


def test_tab_completes_a_group_at_a_place_in_bash(environment, tmp_path):
    seen = typed(
        START["bash"],
        [
            (f"{SETUP['bash']}; echo set''up done\n", "setup done"),
            (f"{COMMAND} lr/decay@lr.phases.2=sq\t", "lr/decay@lr.phases.2=sqrt_to_zero"),
        ],
        environment,
        tmp_path,
    )
    assert "lr/decay@lr.phases.2=sqrt_to_zero" in seen


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

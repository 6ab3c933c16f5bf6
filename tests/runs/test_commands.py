"""What is printed to repeat a run or to go on with one does that, and nothing else."""

import shlex
import shutil

import pytest

from d9d_lr.composing.paths import APP_DIR
from d9d_lr.runs.commands import command_again, quoted, repeat_command
from d9d_lr.runs.record import stored_command, stored_overrides
from helpers.running import run_command

CWD = "/home/ada/project"
PACKAGED = {"path": str(APP_DIR), "schema": "file", "provider": "main"}


def hydra(*sources, config_name="config", typed=()):
    """The section of Hydra's that says where a configuration came from."""
    runtime = {"cwd": CWD, "config_sources": [{"path": "hydra.conf", "schema": "pkg", "provider": "hydra"}, *sources]}
    return {"runtime": runtime, "job": {"config_name": config_name}, "overrides": {"hydra": list(typed), "task": []}}


def source(path, provider):
    return {"path": path, "schema": "file", "provider": provider}


@pytest.mark.parametrize(
    ("stored", "overrides", "words"),
    [
        ({}, ["lr=wsd"], "lr=wsd"),
        (hydra(PACKAGED), [], ""),
        (hydra(PACKAGED), ["train.seed=1", "+lr.power=2"], "train.seed=1 +lr.power=2"),
        (hydra(source("/gone/conf/app", "main")), ["train.seed=1"], "train.seed=1"),  # installed elsewhere then
        (hydra(PACKAGED), ["+experiment=wsd_vs_cosine"], "hydra.mode=RUN +experiment=wsd_vs_cosine"),
        (hydra(PACKAGED), ["experiment=wsd_vs_cosine"], "hydra.mode=RUN experiment=wsd_vs_cosine"),
        (
            hydra(PACKAGED, source(f"{CWD}/sweeps", "command-line"), config_name="q"),
            ["a=1"],
            "-cd sweeps -cn q hydra.mode=RUN a=1",
        ),
        (hydra(PACKAGED, source("/elsewhere", "command-line")), ["a=1"], "-cd /elsewhere a=1"),
        (hydra(source(f"{CWD}/own", "main")), ["a=1"], f"-cp {CWD}/own hydra.mode=RUN a=1"),
        (
            hydra(PACKAGED, typed=["hydra.run.dir=x", "hydra.searchpath=[file:///c]", "hydra.mode=MULTIRUN"]),
            ["a=1"],
            "'hydra.searchpath=[file:///c]' a=1",
        ),
        (hydra(PACKAGED), ["a='x y'"], "'a='\"'\"'x y'\"'\"''"),
    ],
)  # fmt: skip
def test_a_run_is_repeated_from_where_its_configuration_came(stored, overrides, words):
    assert repeat_command(stored, overrides) == f"python -m d9d_lr.train {words}".rstrip()


@pytest.mark.parametrize(
    ("arguments", "processes", "command"),
    [
        (["lr=wsd"], 1, "python -m d9d_lr.train hydra.run.dir=r lr=wsd"),
        (["hydra.run.dir=old", "-m"], 1, "python -m d9d_lr.train hydra.run.dir=r -m"),
        ([], 2, "python -m torch.distributed.run --nproc_per_node 2 -m d9d_lr.train hydra.run.dir=r"),
    ],
)
def test_a_run_goes_on_in_its_folder(arguments, processes, command, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", str(processes))
    assert command_again(arguments, "hydra.run.dir=r") == command


@pytest.mark.parametrize(("path", "typed"), [("a/b-1.c", "a/b-1.c"), ("a b", "'a b'"), ("it's", "'it\\'s'")])
def test_a_path_is_quoted_for_hydra_where_it_must_be(path, typed):
    assert quoted(path) == typed


def test_the_command_of_an_experiment_that_sweeps_starts_no_sweep(in_tmp):
    typed = ["+experiment=wsd_vs_cosine", "lr=constant", "train.seed=7"]
    first = run_command(*typed, "hydra.mode=RUN", "hydra.run.dir=first")
    words = shlex.split(stored_command(in_tmp / "first", stored_overrides(in_tmp / "first")))
    again = run_command(*words[3:], "hydra.run.dir=again")
    assert (first.status, again.status) == (0, 0)
    assert again.trained == first.trained
    assert sorted(path.name for path in in_tmp.iterdir()) == ["again", "first"]


def test_the_command_carries_a_configuration_of_ones_own(in_tmp):
    shutil.copytree(APP_DIR, in_tmp / "own")
    with (in_tmp / "own" / "config.yaml").open("a") as file:
        file.write("  mode: MULTIRUN\n")
    first = run_command("-cp", str(in_tmp / "own"), "lr.phases.0.steps=20", "hydra.mode=RUN", "hydra.run.dir=first")
    words = shlex.split(stored_command(in_tmp / "first", stored_overrides(in_tmp / "first")))
    again = run_command(*words[3:], "hydra.run.dir=again")
    assert (first.status, again.status) == (0, 0)
    assert again.trained == first.trained

"""`hydra/sweeper: checked` for an application that knows nothing of d9d_lr but this line."""

import csv
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from sweep_files import folders, rows, snapshot, times_run

from conftest import FOREIGN_APP
from d9d_lr.composing.paths import SWEEPER_DIR
from d9d_lr.sweeping.settings import SweepConfig

CHECK = "hydra.sweeper.check=my_checks."


def test_without_a_check_points_are_composed_only(foreign):
    done = foreign("rate=1,-1", "model=small,huge")
    assert done.status == 2
    assert done.err.startswith("2 of 4 points cannot run; nothing was started\n")
    assert "'huge' is not one of big, small" in done.err
    assert "hydra.sweeper.on_invalid=drop" in done.err
    assert not Path("s").exists()
    assert foreign("rate=1,-1").status == 0


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("yields_texts", "rate is -1, and must be above 0"),
        ("raises", "ValueError: rate -1 is bad"),
        ("returns_one_text", "no rate"),
        ("returns_problems", "-1 is not allowed (type rate=1)"),
    ],
)
def test_a_check_says_what_is_wrong_in_its_own_way(foreign, check, said):
    done = foreign(f"{CHECK}{check}", "rate=1,-1")
    assert done.status == 2
    assert "1 of 2 points cannot run; nothing was started" in done.err
    assert said in done.err
    assert not Path("s").exists()
    assert foreign(f"{CHECK}{check}", "rate=1,2").status == 0


@pytest.mark.parametrize(
    ("check", "said"),
    [
        ("my_checks.answers_oddly", "the check returned 3, neither problems nor a RunPreview"),
        ("my_checks.NO_CALLABLE", "hydra.sweeper.check: 'my_checks.NO_CALLABLE' cannot be called"),
        ("my_cheks.raises", "hydra.sweeper.check: 'my_cheks.raises' cannot be imported: ModuleNotFoundError"),
    ],
)
def test_a_check_that_is_none_is_an_error(foreign, check, said):
    done = foreign(f"hydra.sweeper.check={check}", "rate=1,2")
    assert done.status == 2
    assert said in done.err


def test_what_a_check_previews_is_shown_and_decides_what_is_the_same(foreign):
    done = foreign(f"{CHECK}previews", "rate=1,-1,2", "hydra.sweeper.dry_run=true")
    assert done.status == 0
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert "# rate area folder state" in lines
    assert "2 2 16 rate=2 new" in lines
    assert "1 -1 16 rate=-1 new; the same as rate=1" in lines
    assert lines[-1] == "3 points; nothing was started (hydra.sweeper.dry_run=true)"
    assert not Path("s").exists()


def test_it_goes_on_where_it_ended(foreign):
    assert foreign("seed=0,1", "behave=well,raise").status == 1
    again = foreign("seed=0,1,2", "behave=well,raise")
    assert again.status == 1
    assert "6 points in s, 2 of them completed before" in again.out
    assert times_run("s") == {
        "behave=raise,seed=0": 2, "behave=raise,seed=1": 2, "behave=raise,seed=2": 1,
        "behave=well,seed=0": 1, "behave=well,seed=1": 1, "behave=well,seed=2": 1,
    }  # fmt: skip


def test_another_configuration_is_refused_and_nothing_changes(foreign):
    foreign("seed=0,1")
    before = snapshot("s")
    done = foreign("seed=0,1", "rate=3")
    assert done.status == 2
    assert "s/seed=0: holds another configuration: rate is 1.0 there, 3 here" in done.err
    Path("s/seed=0/result.json").unlink()
    assert foreign("seed=0,1", "rate=3").status == 2
    assert {**snapshot("s"), "s/seed=0/result.json": before["s/seed=0/result.json"]} == before


def test_the_policy_holds(foreign):
    done = foreign("behave=raise,well", "seed=0,1", "hydra.sweeper.on_failure=stop")
    assert done.status == 1
    assert "the sweep stopped: 4 of 4 points did not complete; see s/sweep.md" in done.err
    assert folders("s") == ["behave=raise,seed=0"]
    assert [row["status"] for row in rows("s")] == ["failed", *["not started"] * 3]
    assert rows("s")[0]["error"] == "ValueError: the well is dry (from KeyError: 'water')"


def test_keys_advance_together(foreign):
    foreign("seed=0,1", "rate=1,2", "hydra.sweeper.zip=[[seed,rate]]")
    assert folders("s") == ["rate=1,seed=0", "rate=2,seed=1"]


def test_what_its_job_returns_is_ranked(foreign):
    done = foreign("model=big,small", "rate=2")
    # width times rate: 16 * 2 and 4 * 2
    assert [(row["rank"], row["model"], row["objective"]) for row in rows("s")] == [
        ("1", "small", "8.0"),
        ("2", "big", "32.0"),
    ]
    assert "val_loss" not in done.out


@pytest.mark.parametrize("typed", ["hydra.sweeper.on_failure=halt", "hydra.sweeper.max_failures=0"])
def test_a_bad_way_of_sweeping_is_an_error(foreign, typed):
    done = foreign("seed=0,1", typed)
    assert done.status == 2
    assert f"{typed.partition('=')[0]}: " in done.err
    assert "is not allowed" in done.err


def test_its_own_section_may_say_how_it_goes(foreign, in_tmp):
    (in_tmp / "steered.yaml").write_text(
        "defaults: [main, _self_]\npolicy: {on_failure: stop}\nhydra: {sweeper: {section: policy}}\n"
    )
    typed = ("-cd", str(in_tmp), "-cn", "steered", "behave=raise,well,raise")
    foreign(*typed)
    assert folders("s") == ["behave=raise"]
    foreign(*typed, "policy.on_failure=continue")  # is no part of what a point is
    assert folders("s") == ["behave=raise", "behave=well"]
    done = foreign(*typed, "policy.on_failure=halt")
    assert "policy.on_failure: 'halt' is not allowed" in done.err
    assert foreign(*typed, "hydra.sweeper.dry_run=true").out.endswith("(policy.dry_run=true)\n")


def test_the_commands_are_its_own(in_tmp):
    environment = {**os.environ, "PYTHONPATH": str(FOREIGN_APP.parent)}
    typed = [sys.executable, str(FOREIGN_APP), "-m", "behave=raise,well", "seed=3", "hydra.sweep.dir=s"]
    done = subprocess.run(typed, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 1, done.stderr
    with Path("s/sweep.csv").open() as file:
        command = shlex.split(next(csv.DictReader(file))["command"])
    assert command == ["python", str(FOREIGN_APP), "-cn", "main", "behave=well", "seed=3"]
    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_every_setting_is_there_for_every_application():
    there = yaml.safe_load((SWEEPER_DIR / "hydra" / "sweeper" / "checked.yaml").read_text())["sweeper"]
    others = {"_target_", "max_batch_size", "params", "check", "section"}
    assert set(there) - others == set(SweepConfig.model_fields)

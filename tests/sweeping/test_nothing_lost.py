"""What breaking sweeps for an hour found: points that vanished, results in two places, what was left behind."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sweep_files import folders, rows, times_run

from conftest import FOREIGN_APP
from d9d_lr.sweeping.typed import unquoted


@pytest.mark.parametrize(
    ("typed", "count"),
    [
        (["at=5,'5'"], 2),  # a number, and a text
        (["at=null,'null'"], 2),
        (["at=1,1.0,true,'1'"], 4),
        (["+a='1,b=2','1'", "+b='2','2,b=2'"], 4),  # two of them were called a=1,b=2,b=2
        (["at=[1,2],'[1,2]'"], 2),
    ],
)
def test_unequal_points_have_folders_of_their_own(foreign, typed, count):
    done = foreign(*typed)
    assert done.status == 0
    assert len(folders("s")) == count
    assert set(times_run("s").values()) == {1}
    assert "same configuration" not in done.out
    again = foreign(*reversed(typed))
    assert f"{count} points in s, {count} of them completed before" in again.out


def test_equal_points_run_once_and_it_is_said(foreign):
    done = foreign("at=1,'a',a", "rate=2,2.0")
    # Three values of `at`, of which two are equal; 2 and 2.0 are both the float that the file's 1.0 is not: 2 x 2.
    assert set(times_run("s").values()) == {1}
    assert len(folders("s")) == 4
    assert done.out.count("has the same configuration as") == 2
    assert "point 4 (at=a,rate=2) has the same configuration as at=a,rate=2, which runs once" in done.out


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("'wsd'", "wsd"),
        ("'a b'", "a b"),
        ("'5'", "'5'"),
        ('"null"', '"null"'),
        ("'1,2'", "'1,2'"),
        ("''", ""),
        ("'", "'"),
    ],
)
def test_quotes_go_where_they_change_nothing(value, kept):
    assert unquoted(value) == kept


def test_a_key_that_was_fixed_may_be_swept_later_and_finds_what_is_there(foreign):
    foreign("rate=2,3")
    done = foreign("rate=2,3", "seed=0,1")  # 0 is the default
    assert "4 points in s, 2 of them completed before" in done.out
    assert times_run("s") == {"rate=2": 1, "rate=2,seed=1": 1, "rate=3": 1, "rate=3,seed=1": 1}
    assert [(row["rate"], row["seed"]) for row in rows("s")] == [("2", "0"), ("2", "1"), ("3", "0"), ("3", "1")]
    assert "2 points in s, 2 of them completed before" in foreign("rate=3,2", "model=small").out


def test_a_group_that_was_fixed_has_its_value_in_the_summary(foreign):
    foreign("seed=0,1")
    foreign("seed=0,1", "model=small,big", "at=null,1")
    assert {(row["model"], row["at"]) for row in rows("s")} == {(m, a) for m in ("small", "big") for a in ("null", "1")}


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_a_job_that_changes_the_working_folder_changes_it_for_nobody(foreign, in_tmp, launcher):
    done = foreign("seed=0,1,2", "behave=chdir", f"hydra/launcher={launcher}")
    assert done.status == 0, done.err
    assert folders("s") == ["seed=0", "seed=1", "seed=2"]
    assert Path.cwd() == in_tmp
    assert not list(in_tmp.rglob("elsewhere/*"))
    assert [row["status"] for row in rows("s")] == ["completed"] * 3


def test_a_default_folder_is_one_folder(foreign, in_tmp):
    done = foreign("-m", "seed=0,1", "behave=chdir", folder=None)
    assert done.status == 0, done.err
    assert len(list(in_tmp.glob("multirun/*/*/sweep.csv"))) == 1
    assert len(list(in_tmp.rglob("times_run"))) == 2


def test_os_exit_in_a_job_ends_the_sweep_and_not_with_0(in_tmp):
    typed = [sys.executable, str(FOREIGN_APP), "-m", "behave=_exit,well", "hydra.sweep.dir=s"]
    done = subprocess.run(typed, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1
    assert "behave=_exit failed: the job ended its process by os._exit(0)\n" in done.stderr
    again = subprocess.run([*typed[:3], "behave=well,_exit", *typed[4:]], capture_output=True, text=True, timeout=300)
    assert again.returncode == 1
    assert folders("s") == ["behave=_exit", "behave=well"]


def test_os_exit_in_a_worker_loses_that_job(foreign):
    done = foreign("behave=_exit,well", "hydra/launcher=joblib", "hydra.launcher.n_jobs=2")
    assert done.status == 1
    assert {(row["behave"], row["status"], row["error"]) for row in rows("s")} == {
        ("well", "completed", ""),
        ("_exit", "failed", "the job ended its process by os._exit(0)"),
    }
    assert os._exit.__module__ == "posix"


@pytest.mark.parametrize("launcher", ["basic", "joblib"])
def test_whatever_a_job_raises_loses_that_job_only(foreign, launcher):
    done = foreign("behave=break,well,exit", f"hydra/launcher={launcher}")
    assert done.status == 1
    assert {(row["behave"], row["error"]) for row in rows("s")} == {
        ("well", ""),
        ("break", "GeneratorExit: odd"),
        ("exit", "the job ended by sys.exit(4)"),
    }


def test_what_killed_sweeps_left_is_removed(foreign):
    Path("s/.sweep/attempt-killed/failed").mkdir(parents=True)
    Path("s/.sweep/attempt-killed/failed/seed=0").write_text("an old error")
    assert foreign("seed=0,1").status == 0
    assert not Path("s/.sweep").exists()


@pytest.mark.parametrize("typed", ["seed=range(0,0)", "'+seed=range(5,1)'", "model=glob(zz*)"])
def test_a_key_with_no_value_is_an_error(foreign, typed):
    done = foreign(typed.strip("'").lstrip("+"), "rate=1,2")
    assert done.status == 2
    assert "stands for no value at all" in done.err
    assert not Path("s").exists()


def test_points_that_a_parallel_sweep_never_started_are_not_started(foreign):
    done = foreign(
        "behave=raise,well", "seed=range(0,4)", "hydra.sweeper.max_failures=1",
        "hydra/launcher=joblib", "hydra.launcher.n_jobs=1",
    )  # fmt: skip
    assert done.status == 1
    assert [row["status"] for row in rows("s")] == ["failed", *["not started"] * 7]
    assert folders("s") == ["behave=raise,seed=0"]


def test_a_point_that_began_before_is_unfinished_and_stays(foreign):
    foreign("behave=well", "seed=0,1")
    Path("s/seed=1/result.json").unlink()
    foreign(
        "behave=raise,well",
        "seed=1",
        "hydra.sweeper.max_failures=1",
        "hydra/launcher=joblib",
        "hydra.launcher.n_jobs=1",
    )
    assert Path("s/seed=1/times_run").exists()


def test_text_that_steers_terminals_or_spreadsheets_is_harmless(foreign):
    done = foreign("at='=1+1','@SUM(A1)','+x','a|b','a\nb','\x1b[31mred'", "rate=1")
    assert done.status == 0, done.err
    assert "\x1b" not in done.out.partition(" rank ")[2]  # Hydra's launcher shows what was typed
    table = Path("s/sweep.csv").read_text()
    assert "\x1b" not in table
    assert len(table.splitlines()) == 7
    assert not any(cell.startswith(("=", "@", "+")) for row in rows("s") for cell in row.values())
    rows_of_runs = Path("s/sweep.md").read_text().partition("## Runs")[2].strip().splitlines()
    assert len(rows_of_runs) == 2 + 6
    assert "\x1b" not in Path("s/sweep.md").read_text()

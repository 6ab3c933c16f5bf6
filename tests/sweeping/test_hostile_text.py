"""Swept values and errors of others' making, in the files of a sweep and on the terminal."""

import csv
import sys
from pathlib import Path

import pytest
import stub_app

from d9d_lr.composing.cli import run_application
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.runs.record import RecordedPoint, add_points
from d9d_lr.runs.results import RunResult, write_result
from d9d_lr.sweeping.tables import show_outcome

HOSTILE = ["=1+1", "two\nlines", "\x1b[31mred", "a|b", "-0.5"]
SHOWN = ["=1+1", "two\\nlines", "\\x1b[31mred", "a|b", "-0.5"]


@pytest.fixture
def swept(tmp_path):
    for number, text in enumerate(HOSTILE):
        (tmp_path / str(number)).mkdir()
        add_points(tmp_path, [RecordedPoint(folder=str(number), changed={"task.at": text}, command=f"run {text}")])
        write_result(
            tmp_path / str(number),
            RunResult(
                status="failed", objective=None, final={}, best={}, steps=0, total_steps=1, seconds=0.0,
                fingerprint="0", error=text, overrides=[f"task.at={text}"],
            ),
        )  # fmt: skip
    return tmp_path


def test_the_table_for_programs_holds_no_formula(swept, capsys):
    show_outcome(swept)
    with (swept / "sweep.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    expected = ["'=1+1", *SHOWN[1:]]
    assert [row["task.at"] for row in rows] == expected
    assert [row["error"] for row in rows] == expected


def test_the_table_for_people_has_a_line_for_each_point(swept, capsys):
    show_outcome(swept)
    lines = (swept / "sweep.md").read_text().splitlines()
    tables = [line for line in lines if line.startswith("|")]
    assert len(tables) == 2 * (2 + len(HOSTILE))  # one of settings, one of runs
    assert len({line.replace("\\|", "").count("|") for line in tables}) == 2
    assert "\x1b" not in "".join(lines)


def test_nothing_steers_the_terminal(swept, capsys):
    show_outcome(swept)
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out


def test_nothing_steers_the_terminal_of_a_report(swept):
    views = read_runs([swept])
    assert [view.error for view in views] == SHOWN
    assert [view.changed["task.at"] for view in views] == SHOWN


STEERS = "\x1b[31mred\x1b]0;a title\x07\n\tsecond line"
SAID = "\\x1b[31mred\\x1b]0;a title\\x07\n\tsecond line"


def raise_what_steers(how, folder):
    raise ValueError(STEERS)


def test_the_traceback_of_a_job_steers_no_terminal(sweep, monkeypatch):
    monkeypatch.setattr(stub_app, "_behave", raise_what_steers)
    done = sweep("train.seed=0")
    assert done.status == 1
    for text in (done.err, Path("s/train.seed=0/train.log").read_text(), Path("s/train.seed=0/error.txt").read_text()):
        assert f"ValueError: {SAID}\n" in text
        assert "Traceback" in text
        assert "\x1b" not in text


def test_the_traceback_that_ends_a_run_steers_no_terminal(in_tmp, monkeypatch, capsys):
    monkeypatch.setattr(stub_app, "_behave", raise_what_steers)
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(sys, "argv", ["stub_app.py", "hydra.run.dir=r"])
    with pytest.raises(ValueError, match="red") as raised:
        run_application(stub_app.job)
    capsys.readouterr()
    sys.excepthook(raised.type, raised.value, raised.tb)  # as the interpreter does
    said = capsys.readouterr().err
    assert said.endswith(f"ValueError: {SAID}\n")
    assert "\x1b" not in said

"""What a run leaves in its folder, tells, and returns."""

import json
import math
import re

import pytest

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.results import read_result
from d9d_lr.training.fingerprint import settings_fingerprint
from d9d_lr.training.run import run_training
from d9d_lr.training.settings import NOT_IN_FINGERPRINT
from helpers.kills import differences
from helpers.small_runs import (
    CHARLM,
    DIGITS,
    PLAIN,
    SHORT,
    command_here,
    digest,
    result,
    rows,
    run,
    run_and_stop,
    settings,
    stopping_before,
)

LINE = ("task._target_=helpers.user_defined.LineTask", *SHORT, *PLAIN)


def test_the_run_folder(tmp_path):
    objective = run(tmp_path, *DIGITS)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "checkpoint.pt", "metrics.jsonl", "result.json", "schedule.json",
    ]  # fmt: skip
    schedule = json.loads((tmp_path / "schedule.json").read_text())
    assert schedule == settings(*DIGITS).lr.model_dump(mode="json")
    ended = result(tmp_path)
    assert (ended["status"], ended["steps"], ended["total_steps"], ended["error"]) == ("completed", 20, 20, None)
    assert ended["objective"] == objective == ended["final"]["val_loss"]
    assert ended["fingerprint"] == settings_fingerprint(settings(*DIGITS))
    assert ended["overrides"] == list(DIGITS)
    assert ended["seconds"] > 0


def test_the_lines_of_the_metrics(tmp_path):
    run(tmp_path, *DIGITS, "train.eval_every=8", "train.log_every=3")
    found = rows(tmp_path)
    evaluated = [int(row["step"]) for row in found if "val_loss" in row]
    # Logged every 3 steps, evaluated every 8, and at the end, where nothing is trained any more.
    assert [int(row["step"]) for row in found] == [0, 3, 6, 8, 9, 12, 15, 16, 18, 20]
    assert evaluated == [0, 8, 16, 20]
    assert all(("train_loss" in row) == (row["step"] < 20) for row in found)
    assert list(found[3]) == ["step", "lr", "train_loss", "val_loss", "val_accuracy"]


def test_the_best_is_the_evaluation_with_the_lowest_loss(tmp_path):
    run(tmp_path, *LINE, "optimizer.lr=1.5")
    losses = {int(row["step"]): row["val_loss"] for row in rows(tmp_path) if "val_loss" in row}
    best = min(losses, key=losses.get)
    assert result(tmp_path)["best"] == {"step": best, "val_loss": losses[best]}
    assert result(tmp_path)["final"] == {"step": 20, "val_loss": losses[20]}


def test_the_fingerprint_is_that_of_what_is_computed():
    plain = settings_fingerprint(settings(*DIGITS))
    how = ("train.num_threads=2", "train.checkpoint_every=3", "train.keep_checkpoints=9", "train.resume=never",
           "train.on_schedule_change=adopt")  # fmt: skip
    assert {each.split("=")[0].removeprefix("train.") for each in how} == set(NOT_IN_FINGERPRINT)
    assert settings_fingerprint(settings(*DIGITS, *how)) == plain
    for what in ("train.seed=1", "train.total_steps=21", "lr.phases.0.steps=5", "optimizer.lr=1", "task.width=9"):
        assert settings_fingerprint(settings(*DIGITS, what)) != plain


@pytest.mark.parametrize("overrides", [DIGITS, (*DIGITS, "task.model=cnn"), (*CHARLM, "task.dropout=0.1")])
def test_the_same_settings_give_the_same_bits(overrides, tmp_path):
    for name in ("one", "two"):
        run(tmp_path / name, *overrides)
    assert differences(tmp_path / "one", tmp_path / "two") == []


@pytest.mark.parametrize("override", ["train.seed=1", "task.dropout=0.3", "train.batch_size=9"])
def test_other_settings_do_not(override, tmp_path):
    run(tmp_path / "one", *DIGITS)
    run(tmp_path / "two", *DIGITS, override)
    assert differences(tmp_path / "one", tmp_path / "two") != []


def test_how_often_it_is_evaluated_does_not_change_what_is_trained(tmp_path):
    run(tmp_path / "one", *DIGITS)
    run(tmp_path / "two", *DIGITS, "train.eval_every=1")
    losses = [[row.get("train_loss") for row in rows(tmp_path / name)] for name in ("one", "two")]
    assert losses[0] == losses[1]


def test_a_run_that_ended_ends_again_at_once_with_the_same_files(tmp_path):
    run(tmp_path, *DIGITS)
    before = digest(tmp_path)
    run(tmp_path, *DIGITS)
    after = digest(tmp_path)
    assert {name for name in before if before[name] != after[name]} <= {"checkpoint.pt"}
    assert rows(tmp_path)[-1]["step"] == 20


def test_never_starts_over_and_forgets(tmp_path):
    run(tmp_path, *DIGITS, "train.checkpoint_every=3")
    run(tmp_path, *DIGITS, "train.seed=1", "train.resume=never")
    run(tmp_path / "fresh", *DIGITS, "train.seed=1", "train.resume=never")
    assert differences(tmp_path / "fresh", tmp_path) == []
    assert list((tmp_path / "checkpoints").iterdir()) == []


@pytest.mark.parametrize("step", [1, 2, 10, 20])
def test_an_interrupt_saves_and_the_run_goes_on_exactly(step, tmp_path, monkeypatch):
    run(tmp_path / "undisturbed", *DIGITS)
    folder = tmp_path / "stopped"
    with stopping_before(monkeypatch, step):
        if step < 20:
            with pytest.raises(KeyboardInterrupt):
                run(folder, *DIGITS)
            assert (result(folder)["status"], result(folder)["steps"]) == ("interrupted", step)
            assert [path.name for path in folder.glob("**/*.pt")] == [f"step-{step:09d}.pt"]
        else:
            run(folder, *DIGITS)  # the signal comes in the last step: the run ends
    run(folder, *DIGITS)
    assert differences(tmp_path / "undisturbed", folder) == []


def test_seconds_add_up_over_the_parts(tmp_path, monkeypatch):
    run_and_stop(monkeypatch, 10, tmp_path, *DIGITS)
    first = result(tmp_path)["seconds"]
    run(tmp_path, *DIGITS)
    assert result(tmp_path)["seconds"] > first > 0


def test_a_loss_that_is_not_finite_is_reported_and_recorded(tmp_path):
    with pytest.raises(
        RunError, match=r"the (training|validation) loss is (inf|nan) at step \d+, learning rate .*; try"
    ):
        run(
            tmp_path,
            *LINE,
            "optimizer=sgd",
            "optimizer.lr=1e30",
            "train.grad_clip_norm=null",
            "train.checkpoint_every=1",
        )
    ended = read_result(tmp_path)
    assert ended.status == "failed"
    assert re.match(r"the \w+ loss is (inf|nan) at step", ended.error)
    assert ended.objective is None
    assert ended.steps > 0
    assert math.isfinite(ended.best["val_loss"])


def test_plain_lines_where_there_is_no_terminal(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, output, errors = command_here(capsys, *DIGITS, "hydra.run.dir=run")
    assert status == 0
    lines = [line for line in errors.splitlines() if line.startswith("step ")]
    assert [line.split()[1] for line in lines] == ["0/20", "5/20", "10/20", "15/20", "20/20"]
    number = r"[\d.e-]+"
    assert re.fullmatch(
        rf"step 5/20  lr {number}  train_loss {number}  val_loss {number}  val_accuracy {number}", lines[1]
    )
    assert "\x1b" not in output + errors
    assert (tmp_path / "run" / "train.log").read_text().count("step 5/20") == 1


def test_the_summary_is_one_screen_of_80_columns(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    _, output, _ = command_here(capsys, *DIGITS, "hydra.run.dir=run")
    lines = output.splitlines()
    assert lines[0] == "completed: digits under wsd"
    assert max(map(len, lines[:-1])) <= 80
    assert len(lines) < 24
    ended = result(tmp_path / "run")
    for row in ("best", "final"):
        assert re.search(rf"{row}, step {int(ended[row]['step'])} .*{ended[row]['val_loss']:.4f}", output)
    assert lines[-1].startswith("20 of 20 steps in ")


def test_the_objective_is_returned(tmp_path):
    returned = run_training(settings(*DIGITS), tmp_path, [], summary=False)
    assert returned == rows(tmp_path)[-1]["val_loss"]

"""Point 6: what a sweep leaves for people."""

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest
from sweep_files import rows

from d9d_lr import sweep as sweep_command
from d9d_lr.runs.results import read_result
from d9d_lr.sweeping.folders import folder_name


def test_rows_are_sorted_by_objective(sweep):
    done = sweep("optimizer.lr=0.3,0.1,0.2", "task.text_file=well")
    assert [(row["rank"], row["optimizer.lr"], float(row["val_loss"])) for row in rows("s")] == [
        ("1", "0.1", 0.1),
        ("2", "0.2", 0.2),
        ("3", "0.3", 0.3),
    ]
    assert list(rows("s")[0]) == [
        "rank", "optimizer.lr", "status", "val_loss", "val_accuracy", "seconds",
        "setting", "setting_val_loss", "setting_deviation", "setting_seeds", "error", "command",
    ]  # fmt: skip
    shown = [line.split() for line in done.out.splitlines() if re.match(r" ?\d +0\.", line)]
    assert shown == [["1", "0.1", "0.1", "1"], ["2", "0.2", "0.2", "1"], ["3", "0.3", "0.3", "1"]]


def test_rows_are_settings_and_the_best_setting_is_repeated(sweep):
    # the stub's objective is optimizer.lr + seed: 0.1 and 1.1, 0.3 and 1.3
    done = sweep("optimizer.lr=0.3,0.1", "train.seed=0,1")
    found = [
        (row["optimizer.lr"], row["setting"], row["setting_val_loss"][:3], row["setting_seeds"]) for row in rows("s")
    ]
    assert found == [("0.1", "1", "0.6", "2"), ("0.3", "2", "0.8", "2")] * 2
    (line,) = [line for line in done.out.splitlines() if line.startswith("repeat the best: ")]
    assert shlex.split(line.partition(": ")[2])[3:] == ["-m", "optimizer.lr=0.1", "train.seed=0,1"]
    assert "optimizer.lr=0.1 is best" in done.out


def test_markdown_says_the_same(sweep):
    sweep("optimizer.lr=0.3,0.1")
    lines = Path("s/sweep.md").read_text().splitlines()
    assert lines[0].startswith(
        "**optimizer.lr=0.1 is best: 0.1 (1 run); ahead of optimizer.lr=0.3 by 0.2: with one seed"
    )
    at = lines.index("## Settings") + 2
    assert lines[at] == "| setting | optimizer.lr | val_loss | deviation | seeds | state | command |"
    assert lines[at + 2].startswith("| 1 | 0.1 | 0.1 |  | 1 |  | `python -m d9d_lr.train ")
    at = lines.index("## Runs") + 2
    assert lines[at].startswith("| rank | optimizer.lr | status | val_loss | val_accuracy | seconds | setting | ")
    assert lines[at + 2].startswith(
        "| 1 | 0.1 | completed | 0.1 | 0.5 | 1.50 | 1 | 0.1 |  | 1 |  | `python -m d9d_lr.train "
    )


def test_the_command_repeats_the_row(sweep, monkeypatch, in_tmp):
    (in_tmp / "q.yaml").write_text(
        "defaults: [config, _self_]\noptimizer:\n  lr: 0.25\n"
        "hydra:\n  mode: MULTIRUN\n  sweeper:\n    params:\n      optimizer.betas: '[0.9,0.95],[0.9,0.99]'\n"
    )
    done = sweep("-cd", str(in_tmp), "-cn", "q", "train.seed=0,3")
    assert done.status == 0, done.err
    row = rows("s")[-1]
    words = shlex.split(row["command"])
    assert words[:8] == ["python", "-m", "d9d_lr.train", "-cd", ".", "-cn", "q", "hydra.mode=RUN"]

    from stub_app import job

    from d9d_lr.composing.cli import run_application

    monkeypatch.setattr(sys, "argv", ["stub_app.py", *words[3:], "hydra.run.dir=again"])
    run_application(job)
    again = read_result(Path("again"))
    assert again is not None
    assert str(again.objective) == row["val_loss"]
    first = read_result(Path("s", folder_name({key: row[key] for key in ("train.seed", "optimizer.betas")})))
    assert first is not None
    assert again.fingerprint == first.fingerprint


def test_an_experiment_that_sweeps_is_repeated_as_a_run(sweep):
    done = sweep("+experiment=wsd_vs_cosine")
    assert done.status == 0, done.err
    for row in rows("s"):
        assert shlex.split(row["command"])[3:] == [
            "hydra.mode=RUN", f"lr={row['lr']}", f"train.seed={row['train.seed']}", "+experiment=wsd_vs_cosine",
        ]  # fmt: skip


def test_diverged_runs_have_no_rank(sweep):
    sweep("train.seed=0,1")
    result = read_result(Path("s/train.seed=0"))
    Path("s/train.seed=0/result.json").write_text(result.model_copy(update={"objective": None}).model_dump_json())
    summed_up("s")
    assert [(row["rank"], row["train.seed"]) for row in rows("s")] == [("1", "1"), ("", "0")]


def test_it_can_be_rebuilt(sweep):
    sweep("task.text_file=well,raise,null")
    before = Path("s/sweep.csv").read_text(), Path("s/sweep.md").read_text()
    Path("s/sweep.csv").unlink()
    Path("s/sweep.md").unlink()
    summed_up("s")
    assert (Path("s/sweep.csv").read_text(), Path("s/sweep.md").read_text()) == before


def test_it_can_be_rebuilt_without_the_record(sweep):
    sweep("train.seed=0,1", "optimizer.lr=0.5")
    before = rows("s")
    Path("s/sweep.json").unlink()
    summed_up("s")
    after = rows("s")
    assert [row["train.seed"] for row in after] == ["0", "1"]
    assert [{**row, "command": ""} for row in after] == [{**row, "command": ""} for row in before]
    assert [shlex.split(row["command"]) for row in after] == [shlex.split(row["command"]) for row in before]


def test_a_removed_folder_is_not_started(sweep):
    sweep("train.seed=0,1")
    shutil.rmtree("s/train.seed=0")
    summed_up("s")
    assert [(row["status"], row["train.seed"]) for row in rows("s")] == [("completed", "1"), ("not started", "0")]


@pytest.mark.parametrize(
    ("make", "told"), [(False, "there is no folder empty"), (True, "empty holds no sweep: neither sweep.json nor run")]
)
def test_a_folder_without_a_sweep_is_reported(in_tmp, capsys, make, told):
    if make:
        Path("empty").mkdir()
    with pytest.raises(SystemExit, match="1"):
        summed_up("empty")
    assert told in capsys.readouterr().err


def summed_up(folder):
    argv, sys.argv = sys.argv, ["sweep", folder]
    try:
        sweep_command.main()
    finally:
        sys.argv = argv

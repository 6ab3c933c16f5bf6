"""What holds where the recipes of docs/contributing.md were followed; test_contributing.py runs this there."""

import contextlib
from pathlib import Path

import d9d_lr
from d9d_lr import PiecewiseConfig, build_schedule, compose_lr
from d9d_lr.checking.lr_schema import lr_file_schema
from helpers.small_runs import DIGITS, result, rows, run, stopping_before

CHOSEN = (
    "lr/hold@lr.phases.1=until_multiple",
    "lr.phases.1.multiple_steps=10",
    "lr/curve@lr.phases.2.curve=smoothstep",
)


def test_the_copy_is_what_runs():
    assert Path(d9d_lr.__file__).parents[1] == Path(__file__).parents[1]


def test_it_composes_and_comes_back_from_json():
    config = compose_lr(["lr.phases.0.steps=4", *CHOSEN])
    assert PiecewiseConfig.model_validate_json(config.model_dump_json()) == config
    # [0, 4) up, [4, 10) level, [10, 20) down to 0.1: at 15, halfway, 0.55; at 12 p = 1/5 and p^2 (3 - 2p) = 0.104
    found = build_schedule(config, 20).multipliers([0, 4, 9, 10, 12, 15, 20])
    assert [round(value, 12) for value in found] == [0.0, 1.0, 1.0, 1.0, 0.9064, 0.55, 0.1]


def test_a_run_under_it_goes_on_from_a_checkpoint(tmp_path, monkeypatch):
    run(tmp_path / "whole", *DIGITS, *CHOSEN)
    with stopping_before(monkeypatch, 13), contextlib.suppress(KeyboardInterrupt):
        run(tmp_path / "stopped", *DIGITS, *CHOSEN)
    assert result(tmp_path / "stopped")["status"] == "interrupted"
    run(tmp_path / "stopped", *DIGITS, *CHOSEN)
    rates = [[row["lr"] for row in rows(tmp_path / name)] for name in ("whole", "stopped")]
    assert rates[0] == rates[1]
    assert result(tmp_path / "stopped")["status"] == "completed"


def test_editors_know_it():
    definitions = lr_file_schema()["$defs"]
    assert "smoothstep" in definitions["CurveConfig"]["discriminator"]["mapping"]
    assert "smoothstep" in definitions["PartialCurve"]["else"]["properties"]["type"]["enum"]
    assert "until_multiple" in definitions["Phase"]["discriminator"]["mapping"]
    assert definitions["PartialPhase"]["properties"]["multiple_steps"]["else"]["exclusiveMinimum"] == 0

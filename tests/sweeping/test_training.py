"""Sweeps of the real training under launchers with processes of their own, and the packaged sweeps."""

import os
import sys

import pytest
from sweep_files import rows

from d9d_lr.composing.cli import run_application
from d9d_lr.composing.paths import SWEEPS_DIR
from d9d_lr.train import job

SMALL = (
    "task=digits", "task.width=8", "train.total_steps=4", "train.batch_size=4", "train.eval_every=4", "lr=constant",
)  # fmt: skip
SWEEPS = sorted(path.stem for path in SWEEPS_DIR.glob("*.yaml") if path.stem != "base")


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_sweep_trains(command, launcher):
    done = command(f"hydra/launcher={launcher}", *SMALL, "train.seed=0,1", module="d9d_lr.train")
    assert done.status == 0, done.err
    assert {(row["train.seed"], row["status"]) for row in rows("s")} == {("0", "completed"), ("1", "completed")}
    assert all(0 < float(row["val_accuracy"]) < 1 for row in rows("s"))


def test_there_are_sweeps():
    assert {"warmup_length", "peak_lr_by_schedule", "cooldown_fraction", "decay_shape", "final_lr", "horizon"} <= {
        *SWEEPS
    }


@pytest.mark.parametrize("name", SWEEPS)
def test_a_packaged_sweep_can_run(in_tmp, monkeypatch, capsys, name):
    opening = (SWEEPS_DIR / f"{name}.yaml").read_text().splitlines()[:2]
    assert opening[0].endswith(f"Run: python -m d9d_lr.train -cd sweeps -cn {name}")
    assert opening[1].startswith("# Source: ")
    monkeypatch.setattr(sys, "argv", ["train", "-cd", os.fspath(SWEEPS_DIR), "-cn", name, "sweep.dry_run=true"])
    run_application(job)
    out = capsys.readouterr().out
    assert " points; nothing was started" in out
    assert "the same as" not in out
    assert not list(in_tmp.iterdir())

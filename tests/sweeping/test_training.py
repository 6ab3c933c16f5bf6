"""Sweeps of the real training, under launchers with processes of their own."""

import pytest
from sweep_files import rows

SMALL = (
    "task=digits",
    "task.width=8",
    "train.total_steps=4",
    "train.batch_size=4",
    "train.eval_every=4",
    "lr=constant",
)


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_a_sweep_trains(command, launcher):
    done = command(
        "-m",
        f"hydra/launcher={launcher}",
        *SMALL,
        "train.seed=0,1",
        "hydra.sweep.dir=s",
        module="d9d_lr.train",
        folder=None,
    )
    assert done.status == 0, done.err
    assert {(row["train.seed"], row["status"]) for row in rows("s")} == {("0", "completed"), ("1", "completed")}
    assert all(0 < float(row["val_accuracy"]) < 1 for row in rows("s"))

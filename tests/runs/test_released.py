"""Folders that released versions wrote: `v0.1.0/` holds a run, a run of user-defined parts and a sweep, each stopped.

They were made with torch 2.13; another version may round differently, so what is computed anew is compared roughly.
"""

import json
import shutil
from pathlib import Path

import pytest

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.provider.resuming import SavedState
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.runs.record import stored_overrides
from d9d_lr.training.run import run_training
from d9d_lr.training.settings import TrainConfig
from d9d_lr.training.tasks.settings import DigitsConfig
from helpers.small_runs import command_here, digest, result, rows, settings

RELEASED = Path(__file__).with_name("v0.1.0")


class LaterDigits(DigitsConfig):
    """The settings of a task as a later version may have them."""

    augment: bool = False


class LaterTrain(TrainConfig):
    """The settings of a run as a later version may have them."""

    ema_decay: float | None = None


def later(chosen, **changes):
    """The same settings in a later version, which has two more of them."""
    train = LaterTrain(**dict(chosen.train), **{key: value for key, value in changes.items() if key == "ema_decay"})
    more = {key: value for key, value in changes.items() if key == "augment"}
    task = LaterDigits(**dict(chosen.task), **more) if isinstance(chosen.task, DigitsConfig) else chosen.task
    return chosen.model_copy(update={"train": train, "task": task})


@pytest.fixture(params=["run", "own"])
def stopped(request, tmp_path):
    """A copy of a run that was killed after step 12, and what it was to become."""
    shutil.copytree(RELEASED / request.param, tmp_path / "run")
    undisturbed = (RELEASED / f"{request.param}.undisturbed.jsonl").read_text().splitlines(keepends=True)
    return tmp_path / "run", settings(*stored_overrides(tmp_path / "run")), undisturbed


@pytest.mark.parametrize("version", [lambda chosen: chosen, later], ids=["this version", "a later version"])
def test_a_run_goes_on(stopped, version, caplog):
    folder, chosen, undisturbed = stopped
    caplog.set_level("INFO")
    run_training(version(chosen), folder, [], summary=False)
    lines = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    assert lines[:10] == undisturbed[:10]  # the checkpoint is of step 10
    expected = [json.loads(line) for line in undisturbed]
    assert rows(folder) == [pytest.approx(row, rel=1e-4) for row in expected]
    assert result(folder)["status"] == "completed"
    assert "going on with another" not in caplog.text


def test_a_new_setting_that_is_not_at_its_default_counts(stopped):
    folder, chosen, _ = stopped
    if isinstance(chosen.task, DigitsConfig):
        with pytest.raises(ConfigError, match=r"task\.augment: the checkpoint of step 10 was made with False, now it"):
            run_training(later(chosen, augment=True), folder, [], summary=False)


def test_a_sweep_goes_on_where_it_was(in_tmp, capsys):
    shutil.copytree(RELEASED / "sweep", in_tmp / "sweep")
    completed = in_tmp / "sweep" / "train.seed=0"
    overrides, before = stored_overrides(completed)[:-1], digest(completed)
    status, out, err = command_here(capsys, "-m", *overrides, "train.seed=0,1,2", "hydra.sweep.dir=sweep")
    assert status == 0, err
    assert "3 points in sweep, 1 of them completed before" in out
    assert digest(completed) == before
    assert [result(path)["status"] for path in sorted((in_tmp / "sweep").glob("train*"))] == ["completed"] * 3
    status, _, err = command_here(capsys, "-m", *overrides, "train.seed=0,1", "task.width=5", "hydra.sweep.dir=sweep")
    assert (status, "train.seed=0: holds another configuration: task.width is 4 there, 5 here" in err) == (2, True)


def test_a_saved_curve_has_the_default_of_what_it_lacks():
    phase = {"start_step": 0, "end_step": 10, "target_multiplier": 0.0, "curve": {"type": "poly"}}
    saved = SavedState.read({"last_epoch": 3, "schedule": {"initial_multiplier": 1.0, "phases": [phase]}})
    assert saved.schedule["phases"][0]["curve"] == {"type": "poly", "power": 2.0}


def test_a_report_reads_it():
    views = {view.name: view for view in read_runs([RELEASED])}
    assert {name: (view.status, view.steps) for name, view in views.items()} == {
        "run": ("unfinished", 11),
        "own": ("unfinished", 11),
        "sweep/train.seed=0": ("completed", 20),
        "sweep/train.seed=1": ("unfinished", 11),
        "sweep/train.seed=2": ("not started", 0),
    }
    assert views["sweep/train.seed=0"].objective == pytest.approx(2.3459766, rel=1e-6)

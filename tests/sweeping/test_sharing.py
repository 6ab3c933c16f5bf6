"""Sweeps of real trainings in which each distinct step is trained once, and what their folders hold then."""

import json
import shutil
from contextlib import contextmanager
from pathlib import Path

import pytest
from sweep_files import SMALL, all_differences, folders, own_steps, rows
from tensorboard.backend.event_processing.event_file_loader import EventFileLoader

from conftest import in_process
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.results import read_result
from d9d_lr.sweeping.attempt import Attempt, new_attempt
from d9d_lr.train import job
from d9d_lr.training import loop, randomness
from helpers.kills import differences

# A hold until step 5, 7, 9, 12, 14 or 16 of 20, then a decay, whose first value is still the hold's.
COOLDOWNS = (
    *SMALL, "lr=wsd", "train.total_steps=20", "lr.phases.0.steps=3",
    "lr.phases.1.percentage=0.25,0.35,0.45,0.6,0.7,0.8",
)  # fmt: skip
HORIZONS = (*SMALL, "lr=wsd", "lr.phases.0.steps=3", "train.total_steps=10,20,30,40")
COSINES = (*SMALL, "lr=warmup_cosine", "lr.phases.0.steps=6", "train.total_steps=10,20,30,40")

GONE = RunError("the disk went away")


@pytest.fixture
def sweep(in_tmp, monkeypatch, capsys):
    """Sweeps the training entrypoint in this process."""
    return in_process("train", job, monkeypatch, capsys)


@contextmanager
def failing_at(monkeypatch, step, error=GONE):
    """Makes the training of a step fail."""

    def seed_step(seed, now, rank):
        if now == step:
            raise error
        randomness.seed_step(seed, now, rank)

    with monkeypatch.context() as patched:
        patched.setattr(loop, "seed_step", seed_step)
        yield


@pytest.mark.parametrize(
    ("arguments", "distinct", "own"),
    [
        # Values part one step after the decay began: 5 to 16 become 6 to 17. One trunk to 15, where the last two part,
        # and what is left: 15 + (20 - 6) + (20 - 8) + (20 - 10) + (20 - 13) + 2 (20 - 15) = 68 of 120.
        pytest.param(COOLDOWNS, 68, [14, 12, 10, 7, 5, 5], id="six cooldowns from one hold"),
        # The decays begin at 8, 16, 24 and 32. 25 + (10 - 9) + (20 - 17) + (30 - 25) + (40 - 25) = 49 of 100.
        pytest.param(HORIZONS, 49, [1, 3, 5, 15], id="four horizons of WSD"),
        # They share their warmup of 6 and the step after it: 7 + 3 + 13 + 23 + 33 = 79 of 100.
        pytest.param(COSINES, 79, [3, 13, 23, 33], id="cosines of four lengths"),
    ],
)
def test_a_shared_sweep_is_the_same_to_the_last_bit(sweep, trained, arguments, distinct, own):
    written = {68: 120}.get(distinct, 100)
    assert sweep(*arguments, "sweep.share_prefixes=false", folder="whole").status == 0
    assert len(trained) == written
    trained.clear()
    done = sweep(*arguments)
    assert done.status == 0, done.err
    assert f"{written} steps as written, {distinct} to train" in done.out
    assert len(trained) == distinct
    assert all_differences("whole", "s") == {}
    assert own_steps() == own
    assert own_steps("whole") == [read_result(Path("s", name)).steps for name in folders("s")]
    assert not Path("s/.sweep").exists()


@pytest.mark.parametrize(
    ("arguments", "written", "distinct"),
    [
        # The weight decay falls from the first step on, so only step 0 is shared: 10 + 20 - 1.
        (("lr=constant", "train.total_steps=10,20", "+lr@schedules.weight_decay=linear_to_zero"), 30, 29),
        # Both hold until 8; the decay parts at 9: 9 + 1 + 11.
        (
            (
                "lr=wsd", "lr.phases.0.steps=3", "train.total_steps=10,20", "+lr@schedules.weight_decay=wsd",
                "schedules.weight_decay.phases.0.steps=3",
            ), 30, 21,
        ),
        # One schedule of 40 steps, left early: what ends first is the beginning of the others.
        (("lr=wsd", "lr.phases.0.steps=3", "train.total_steps=40", "train.stop_after=10,20,null"), 70, 40),
    ],
)  # fmt: skip
def test_other_schedules_and_runs_that_end_early_share_steps(sweep, trained, arguments, written, distinct):
    assert sweep(*SMALL, *arguments, "sweep.share_prefixes=false", folder="whole").status == 0
    assert len(trained) == written
    trained.clear()
    done = sweep(*SMALL, *arguments)
    assert done.status == 0, done.err
    assert f"{written} steps as written, {distinct} to train" in done.out
    assert len(trained) == distinct
    assert all_differences("whole", "s") == {}


def test_a_failing_trunk_fails_the_points_below_it_and_is_tried_again(sweep, monkeypatch):
    # The first decay begins at 8 and parts at 9; step 12 is shared by the three longer ones.
    with failing_at(monkeypatch, 12):
        failed = sweep(*HORIZONS)
    assert failed.status == 1
    said = "the steps that it shares with other points failed: the disk went away"
    status = {row["train.total_steps"]: (row["status"], row["error"]) for row in rows("s")}
    assert status == {"10": ("completed", ""), **dict.fromkeys(["20", "30", "40"], ("failed", said))}
    assert sweep(*HORIZONS).status == 0
    assert sweep(*HORIZONS, "sweep.share_prefixes=false", folder="whole").status == 0
    assert all_differences("whole", "s") == {}
    assert not Path("s/.sweep").exists()


def test_shared_steps_that_nobody_waits_for_any_more_are_not_trained(sweep, trained, monkeypatch):
    """A job of a killed sweep may come out of a queue when another start has long done everything."""
    with monkeypatch.context() as patched:
        patched.setattr(Attempt, "is_over", lambda attempt: True)
        done = sweep(*COSINES, "sweep.keep_branches=true")
    assert done.status == 0
    assert len(trained) == 100
    assert not Path("s/.sweep").exists()


def test_an_attempt_is_over_when_its_files_are_gone(tmp_path):
    with new_attempt(tmp_path, None, None) as killed, new_attempt(tmp_path, None, None) as following:
        assert killed.is_over()
        assert not following.is_over()
    assert following.is_over()


def test_enough_failures_are_counted_in_points(sweep, monkeypatch):
    with failing_at(monkeypatch, 2):
        failed = sweep(*COSINES, "sweep.max_failures=5", "train.seed=0,1")
    # The first trunk fails four points; the second, of the other seed, is not kept from starting by five failures.
    assert [row["status"] for row in rows("s")] == ["failed"] * 8, failed.out


def test_an_interrupted_trunk_goes_on(sweep, trained, monkeypatch):
    assert sweep(*COOLDOWNS, "sweep.share_prefixes=false", folder="whole").status == 0
    with failing_at(monkeypatch, 9, KeyboardInterrupt()):
        assert sweep(*COOLDOWNS).status == 130
    assert Path("s/.sweep/branches").is_dir()
    assert folders("s") == []
    trained.clear()
    done = sweep(*COOLDOWNS)
    assert done.status == 0
    # It was at step 9 when it was interrupted; nothing was saved there, and 6 and 8 were left for others.
    assert len(trained) == 68 - 8
    assert all_differences("whole", "s") == {}
    assert not Path("s/.sweep").exists()


def test_points_added_later_begin_from_what_was_kept(sweep, trained):
    assert sweep(*HORIZONS, "train.total_steps=20,30", "sweep.keep_branches=true").status == 0
    assert len(list(Path("s/.sweep/branches").iterdir())) == 1
    trained.clear()
    preview = sweep(*HORIZONS, "train.total_steps=20,30,40", "sweep.dry_run=true")
    assert "1 point, 40 steps as written, 23 to train" in preview.out
    assert sweep(*HORIZONS, "train.total_steps=20,30,40").status == 0
    assert len(trained) == 40 - 17  # the 20 steps part from the others at 17; where 30 and 40 part, nothing was left
    sweep(*HORIZONS, "train.total_steps=20,30,40", "sweep.share_prefixes=false", folder="whole")
    assert all_differences("whole", "s") == {}


def test_a_longer_run_begins_where_a_shorter_one_ended(sweep, trained):
    constant = (*SMALL, "lr=constant")
    assert sweep(*constant, "train.total_steps=10").status == 0
    trained.clear()
    assert sweep(*constant, "train.total_steps=10,15").status == 0
    assert len(trained) == 5
    sweep(*constant, "train.total_steps=10,15", "sweep.share_prefixes=false", folder="whole")
    assert differences(Path("whole/train.total_steps=15"), Path("s/train.total_steps=15")) == []


def test_earlier_sweeps_are_begun_from_where_they_agree(sweep, trained):
    assert sweep(*HORIZONS, "train.total_steps=20,30", "sweep.keep_branches=true", folder="first").status == 0
    trained.clear()
    arguments = (*HORIZONS, "train.total_steps=40", "train.seed=0,1", "sweep.reuse=[first]")
    preview = sweep(*arguments, "sweep.dry_run=true", folder="second")
    assert "2 points, 80 steps as written, 63 to train (1.3 times fewer)\n1 begins from first/.sweep/" in (preview.out)
    done = sweep(*arguments, folder="second")
    assert done.status == 0
    assert len(trained) == 80 - 17
    sweep(*arguments[:-1], "sweep.share_prefixes=false", folder="whole")
    assert all_differences("whole", "second") == {}
    assert len(list(Path("first/.sweep/branches").iterdir())) == 1  # what is another sweep's is left


def test_what_does_not_agree_is_never_used(sweep, trained):
    """A run that changed its schedule on the way has a past that its configuration does not tell."""
    one = (*SMALL, "lr=constant", "train.total_steps=10")
    assert sweep(*one, "train.seed=0", "lr=linear_to_zero", folder="other").status == 0
    start = str(next(Path("other").rglob("checkpoint.pt")))
    sweep(*one, "train.total_steps=10", "train.seed=0", folder="first")
    checkpoint = next(Path("first").rglob("checkpoint.pt"))
    shutil.copy(start, checkpoint)
    trained.clear()
    done = sweep(*one, "train.total_steps=15,16", "sweep.reuse=[first]", folder="second")
    assert done.status == 0
    assert "does not agree with this run to the last bit; starting at step 0" in done.out + done.err
    sweep(*one, "train.total_steps=15,16", "sweep.share_prefixes=false", folder="whole")
    assert all_differences("whole", "second") == {}


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (("sweep.reuse=[nowhere]",), "sweep.reuse: there is no folder nowhere"),
        (("sweep.reuse=[.]", "sweep.share_prefixes=false"), "share_prefixes=false trains every point"),
    ],
)
def test_what_cannot_be_reused(sweep, typed, said):
    done = sweep(*HORIZONS, *typed)
    assert done.status == 2
    assert said in done.err
    assert not Path("s").exists()


@pytest.mark.parametrize("keep", [1, 2, 5])
def test_checkpoints_on_the_way_are_those_of_a_run_of_its_own(sweep, trained, keep):
    arguments = (*HORIZONS, "train.checkpoint_every=4", f"train.keep_checkpoints={keep}")
    assert sweep(*arguments, "sweep.share_prefixes=false", folder="whole").status == 0
    trained.clear()
    assert sweep(*arguments).status == 0
    assert len(trained) == 49
    assert all_differences("whole", "s") == {}
    # Of 10 steps, 9 of them shared: those after 4 and 8, or the newest of them.
    left = [path.name for path in sorted(Path("s/train.total_steps=10/checkpoints").iterdir())]
    assert left == ["step-000000004.pt", "step-000000008.pt"][-keep:]


def test_checkpoints_on_the_way_pass_through_trunks_and_what_was_kept(sweep, trained, monkeypatch):
    """A trunk that is interrupted, one that begins from another's, and points that are added later."""
    often = ("train.checkpoint_every=3", "train.keep_checkpoints=3", "sweep.keep_branches=true")
    with failing_at(monkeypatch, 12, KeyboardInterrupt()):
        assert sweep(*HORIZONS, *often).status == 130
    assert sweep(*HORIZONS, *often).status == 0
    more = (*HORIZONS[:-1], "train.total_steps=10,15,20,25,30,40")
    trained.clear()
    assert sweep(*more, *often).status == 0
    # The decay of 15 begins at 12 and parts at 13, that of 25 at 20 and 21; 12 and 21 are there to begin from.
    assert trained == [12, 13, 14, 21, 22, 23, 24]
    assert sweep(*more, *often, "sweep.share_prefixes=false", folder="whole").status == 0
    assert all_differences("whole", "s") == {}


def test_points_that_are_saved_otherwise_share_nothing(sweep):
    arguments = (*SMALL, "lr=constant", "train.total_steps=20", "train.checkpoint_every=4,5")
    assert "to train" not in sweep(*arguments, "sweep.dry_run=true").out


def test_what_was_not_kept_on_the_way_is_not_begun_from(sweep, trained):
    """The first run left nothing on its way, so one that would have has to go there itself."""
    constant = (*SMALL, "lr=constant")
    assert sweep(*constant, "train.total_steps=10").status == 0
    trained.clear()
    arguments = (*constant, "train.total_steps=15", "train.checkpoint_every=4", "sweep.reuse=[s]")
    assert sweep(*arguments, folder="second").status == 0
    assert len(trained) == 15
    assert len(list(Path("second").rglob("step-*.pt"))) == 2  # keep_checkpoints


def test_event_files_hold_what_those_of_whole_runs_hold(sweep):
    arguments = (*COOLDOWNS, "tracker=tensorboard")
    assert sweep(*arguments, "sweep.share_prefixes=false", folder="whole").status == 0
    assert sweep(*arguments).status == 0
    assert all_differences("whole", "s") == {}
    events = [{name: _events(Path(folder, name)) for name in folders("s")} for folder in ("whole", "s")]
    assert events[0] == events[1]
    assert all(len(each) > 40 for each in events[0].values())


def _events(folder):
    """The values of all events in a run folder, by tag and step, in the order in which they were written."""
    files = sorted(folder.rglob("events.*"))
    assert len(files) == 1
    found = [(event.step, value) for event in EventFileLoader(str(files[0])).Load() for value in event.summary.value]
    return [(step, value.tag, list(value.tensor.float_val)) for step, value in found]


def test_metrics_of_shared_steps_reach_the_tracker(sweep, in_tmp, monkeypatch):
    (in_tmp / "trackers.py").write_text(
        "import json\n"
        "class Lines:\n"
        "    def __init__(self, folder): self.file = (folder / 'lines').open('a')\n"
        "    def log(self, step, metrics): print(json.dumps({'step': step, **metrics}), file=self.file)\n"
        "    def finish(self, result): self.file.close()\n"
    )
    monkeypatch.syspath_prepend(str(in_tmp))
    assert sweep(*COSINES, "tracker._target_=trackers.Lines").status == 0
    for name in folders("s"):
        written = [json.loads(line) for line in Path("s", name, "lines").read_text().splitlines()]
        assert written == [json.loads(line) for line in Path("s", name, "metrics.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("launcher", ["joblib", "submitit_local"])
def test_workers_share_steps_too(sweep, command, launcher):
    """Two rates, of which one lets the training diverge: what hangs on its shared steps fails, and nothing else."""
    done = command(
        *HORIZONS, "optimizer.lr=0.003,1e30", f"hydra/launcher={launcher}", "hydra.launcher.n_jobs=2"
        if launcher == "joblib" else "hydra.launcher.cpus_per_task=1", module="d9d_lr.train",
    )  # fmt: skip
    assert done.status == 1
    assert "200 steps as written, 98 to train" in done.out  # 2 x 49
    sweep(*HORIZONS, "optimizer.lr=0.003,1e30", "sweep.share_prefixes=false", folder="whole")
    status = {(float(row["optimizer.lr"]), row["status"]) for row in rows("s")}
    assert status == {(0.003, "completed"), (1e30, "failed")}
    errors = {row["error"] for row in rows("s") if row["status"] == "failed"}
    assert len(errors) == 1
    assert next(iter(errors)).startswith("the steps that it shares with other points failed: the training loss is ")
    for row in rows("s"):
        if row["status"] == "completed":
            name = f"optimizer.lr=0.003,train.total_steps={row['train.total_steps']}"
            assert differences(Path("whole", name), Path("s", name)) == []
    assert sum(own_steps()[:4]) == 24

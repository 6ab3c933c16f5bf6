"""The states of SLURM jobs where the cluster keeps no accounts, with scripts in the place of SLURM's commands."""

import pytest

pytest.importorskip("submitit")

from submitit.slurm.slurm import SlurmJob

from d9d_lr.sweeping.slurm_queue import watched_without_accounts

LISTED = "7_0|COMPLETED|one\n7_[2-3]|PENDING|\n7_1|RUNNING|one\n9|CANCELLED|one\n"


@pytest.fixture
def commands(in_tmp, monkeypatch):
    """Makes scripts that are found as commands."""
    monkeypatch.setenv("PATH", str(in_tmp), prepend=":")

    def make(name, text, status=0):
        (in_tmp / "said").mkdir(exist_ok=True)
        (in_tmp / "said" / name).write_text(text)
        script = in_tmp / name
        script.write_text(f"#!/bin/sh\ncat {in_tmp}/said/{name}\nexit {status}\n")
        script.chmod(0o755)

    return make


@pytest.mark.parametrize(
    ("job", "state", "done"),
    [
        ("7_0", "COMPLETED", True),
        ("7_1", "RUNNING", False),
        ("7_2", "PENDING", False),
        ("7_3", "PENDING", False),
        ("9", "CANCELLED", True),
        ("8", "ENDED", True),  # it ended so long ago that it is not listed any more
    ],
)
def test_the_queue_says_what_became_of_a_job(commands, in_tmp, job, state, done):
    commands("sacct", "Slurm accounting storage is disabled", status=1)
    commands("squeue", LISTED)
    with watched_without_accounts():
        job = SlurmJob(in_tmp, job)
        assert (job.done(force_check=True), job.state) == (done, state)


def test_an_empty_queue_has_ended_all_and_one_that_does_not_answer_none(commands, in_tmp):
    commands("sacct", "", status=1)
    commands("squeue", "")
    with watched_without_accounts():
        assert SlurmJob(in_tmp, "7").done()
    commands("squeue", "", status=1)
    with watched_without_accounts():
        assert not SlurmJob(in_tmp, "7").done()


def test_accounts_are_asked_where_there_are_some(commands):
    before = SlurmJob.watcher
    commands("sacct", "")
    with watched_without_accounts():
        assert SlurmJob.watcher is before
    commands("sacct", "", status=1)
    with watched_without_accounts():
        assert SlurmJob.watcher is not before
    assert SlurmJob.watcher is before

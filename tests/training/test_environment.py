"""Bad surroundings: each a clear error, nothing lost that was written."""

import fcntl
import os
import resource
import shutil
import tempfile
import time
import traceback
from pathlib import Path

import pytest
import torch

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.training.environment import check_environment
from d9d_lr.training.run import run_training
from helpers.kills import FORKSERVER, differences
from helpers.small_runs import CHARLM, DIGITS, PLAIN, SHORT, command_here, digest, result, rows, run, settings

LINE = ("task._target_=helpers.user_defined.LineTask", *SHORT, *PLAIN)
NOBODY = 65534
OFTEN = "train.checkpoint_every=2"


@pytest.fixture(autouse=True)
def _in_tmp(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def refused(capsys, *arguments):
    """Runs the command line; returns its status and what it says, which is no traceback."""
    status, output, errors = command_here(capsys, *arguments)
    assert "Traceback" not in output + errors
    return status, errors


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([*CHARLM, "task.text_file=missing.txt"], "task.text_file: 'missing.txt' cannot be read: No such file"),
        ([*CHARLM, "task.text_file=latin.txt"], "task.text_file: 'latin.txt' is not UTF-8 text: byte 3 is 0xe9"),
        (
            [*DIGITS, "train.resume=nowhere"],
            "train.resume: there is no checkpoint at 'nowhere'; it must be auto, never, or the",
        ),
        pytest.param(
            [*DIGITS, "train.device=cuda"],
            "train.device: 'cuda' is not available on this machine; auto or cpu are",
            marks=pytest.mark.skipif(torch.cuda.is_available(), reason="there is CUDA"),
        ),
    ],
)
def test_what_is_not_there_is_reported_before_a_folder_is_made(overrides, message, capsys, tmp_path):
    Path("latin.txt").write_bytes("café".encode("latin-1"))
    status, said = refused(capsys, *overrides, "hydra.run.dir=run")
    assert status == 2
    assert message in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["latin.txt"]


def test_a_second_process_in_a_run_folder_is_refused_and_changes_nothing(capsys, tmp_path):
    run(tmp_path / "run", *DIGITS)
    before = digest(tmp_path)
    handle = os.open(tmp_path / "run", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)  # as another process holds it
    status, said = refused(capsys, *DIGITS, "train.resume=never", "hydra.run.dir=run")
    with pytest.raises(RunError, match="another process is training in"):
        run(tmp_path / "run", *DIGITS)
    os.close(handle)
    assert status == 1
    assert "another process is training in run" in said
    assert digest(tmp_path) == before


def test_a_changed_schedule_is_refused_and_changes_nothing(capsys, tmp_path):
    assert command_here(capsys, *DIGITS, "hydra.run.dir=run")[0] == 0
    before = digest(tmp_path)
    assert "run/.hydra/config.yaml" in before
    status, said = refused(capsys, *DIGITS, "optimizer.lr=0.5", "hydra.run.dir=run")
    assert status == 2
    assert "base learning rate: 0.003 -> 0.5" in said
    assert "at step 20 the learning rate goes from 0.0003 to 0.05" in said
    assert digest(tmp_path) == before


def test_a_file_in_the_place_of_the_folder_is_reported(capsys):
    Path("run").write_text("mine")
    status, said = refused(capsys, *DIGITS, "hydra.run.dir=run/here")
    assert status == 1
    assert "the run folder run/here cannot be made or written: " in said
    assert Path("run").read_text() == "mine"


def test_a_folder_that_is_deleted_in_the_middle_is_reported(capsys, monkeypatch):
    train_batch = "helpers.user_defined.LineTask.train_batch"
    before = __import__("helpers.user_defined", fromlist=["LineTask"]).LineTask.train_batch
    count = iter(range(100))

    def deleting(self, size, generator):
        if next(count) == 9:
            shutil.rmtree("run")
        return before(self, size, generator)

    monkeypatch.setattr(train_batch, deleting)
    status, said = refused(capsys, *LINE, "hydra.run.dir=run")
    assert status == 1
    assert "metrics.jsonl was deleted while the run was going on" in said
    assert not Path("run").exists()


@pytest.mark.parametrize("jump", [-1e9, 1e9])
def test_a_clock_that_jumps_changes_nothing(jump, tmp_path, monkeypatch):
    run(tmp_path / "undisturbed", *DIGITS, OFTEN)
    now, calls = time.time, iter(range(10**6))
    monkeypatch.setattr(time, "time", lambda: now() + jump * (next(calls) % 2))
    run(tmp_path / "jumping", *DIGITS, OFTEN)
    assert differences(tmp_path / "undisturbed", tmp_path / "jumping") == []
    assert 0 < result(tmp_path / "jumping")["seconds"] < 100


# --- limits that bind root too: a child process with a small largest file, or as another user ---


def tells(said: Path, prepare, chosen, folder: Path) -> None:
    output = os.open(said, os.O_WRONLY | os.O_CREAT)
    os.dup2(output, 2)
    prepare()
    try:
        run_training(chosen, folder, [], summary=False)
    except RunError as error:
        os.write(2, f"told: {error}".encode())
    except BaseException:
        os.write(2, traceback.format_exc().encode())
        raise


def in_child(folder: Path, said: Path, prepare, *overrides: str) -> str:
    child = FORKSERVER.Process(target=tells, args=(said, prepare, settings(*overrides), folder))
    child.start()
    child.join(60)
    assert child.exitcode == 0, said.read_text()
    return said.read_text()


def files_of_10_000_bytes():
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))


def files_of_700_bytes():
    resource.setrlimit(resource.RLIMIT_FSIZE, (700, 700))


def as_nobody():
    if os.getuid() == 0:
        os.setgroups([])
        os.setuid(NOBODY)


def test_a_checkpoint_that_does_not_fit_on_the_disk_is_reported_and_the_run_goes_on_later(tmp_path):
    run(tmp_path / "undisturbed", *DIGITS, OFTEN)
    folder = tmp_path / "run"
    folder.mkdir()
    words = in_child(folder, tmp_path / "said", files_of_10_000_bytes, *DIGITS, OFTEN)
    assert words.lstrip().startswith("told: File too large: ")  # rich 13 ends its bar with an empty line
    assert words.endswith("; nothing was saved yet")
    assert result(folder)["status"] == "failed"
    assert [row["step"] for row in rows(folder)] == [0, 1]
    assert not list(folder.rglob("*.p*t*"))
    run(folder, *DIGITS, OFTEN)
    assert differences(tmp_path / "undisturbed", folder) == []


def test_a_line_that_does_not_fit_on_the_disk_is_reported_and_the_run_goes_on_later(tmp_path):
    run(tmp_path / "undisturbed", *LINE)
    folder = tmp_path / "run"
    folder.mkdir()
    words = in_child(folder, tmp_path / "said", files_of_700_bytes, *LINE)
    assert words.lstrip().startswith(
        ("told: No space left on device: ", "told: File too large: ")
    )  # rich 13 ends its bar with an empty line
    metrics = (folder / "metrics.jsonl").read_bytes()
    assert len(metrics) == 700
    assert (tmp_path / "undisturbed" / "metrics.jsonl").read_bytes().startswith(metrics)
    run(folder, *LINE)
    assert differences(tmp_path / "undisturbed", folder) == []


@pytest.fixture
def open_folder():
    """A folder that another user can reach, which pytest's are not."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_a_folder_without_write_permission_is_reported(open_folder):
    locked = open_folder / "locked"
    locked.mkdir(mode=0o555)

    said = open_folder / "said"
    child = FORKSERVER.Process(target=looks_at, args=(said, settings(*LINE), locked))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    below, itself = said.read_text().splitlines()
    assert below == f"the run folder {locked}/below cannot be made or written: {locked} does not allow it"
    assert itself == f"the run folder {locked} cannot be made or written: {locked} does not allow it"
    assert list(locked.iterdir()) == []


def looks_at(said: Path, chosen, locked: Path) -> None:
    as_nobody()
    for folder in (locked / "below", locked):
        try:
            check_environment(chosen, folder)
        except RunError as error:
            with said.open("a") as file:
                file.write(f"{error}\n")


def test_a_permission_that_is_lost_in_the_middle_is_reported(open_folder):
    folder = open_folder / "run"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "checkpoints").mkdir(mode=0o555)
    words = in_child(folder, open_folder / "said", as_nobody, *LINE, OFTEN)
    assert words.lstrip().startswith("told: Permission denied: ")  # rich 13 ends its bar with an empty line
    assert [row["step"] for row in rows(folder)] == [0, 1]
    (folder / "checkpoints").chmod(0o777)
    run(folder, *LINE, OFTEN)
    run(open_folder / "undisturbed", *LINE, OFTEN)
    assert differences(open_folder / "undisturbed", folder) == []

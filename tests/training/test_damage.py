"""Damaged files of a run folder: what is damaged is said and kept, and the run ends as if nothing had been."""

import os

import pytest

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.training import randomness
from d9d_lr.training.tasks.text import read_text
from helpers.kills import differences
from helpers.small_runs import CHARLM, DIGITS, result, rows, run, run_and_stop

OVERRIDES = (*DIGITS, "train.checkpoint_every=5", "train.keep_checkpoints=2")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    run(folder, *OVERRIDES)
    return folder


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A run that was interrupted before step 12, with checkpoints of steps 10 and 12."""
    run_and_stop(monkeypatch, 12, tmp_path, *OVERRIDES)
    assert names(tmp_path) == ["step-000000010.pt", "step-000000012.pt"]
    return tmp_path


def names(folder):
    return sorted(path.name for path in (folder / "checkpoints").iterdir())


def lines(folder):
    return (folder / "metrics.jsonl").read_text().splitlines(keepends=True)


def write_lines(folder, changed):
    (folder / "metrics.jsonl").write_text("".join(changed))


def garbage(line):
    return lambda before: [*before[:line], "oops\n", *before[line + 1 :]]


@pytest.mark.parametrize(
    ("damage", "said", "first", "kept"),
    [
        (garbage(11), "it has 11 lines before step 12, and there were 12; taking", 10, ["12"]),
        (garbage(1), "line 2 is 'oops\\n'; taking the checkpoint before step-000000012.pt", 0, ["10", "12"]),
        (lambda before: before[:11], "it has 11 lines before step 12, and there were 12; taking", 10, ["12"]),
        (lambda before: before[:3], "it has 3 lines before step 10, and there were 10; taking", 0, ["10", "12"]),
        (lambda before: before[:4] + before[5:], "it has 9 lines before step 10, and there were 10", 0, ["10", "12"]),
        (lambda before: [], "it has 0 lines before step 10, and there were 10; taking", 0, ["10", "12"]),
    ],
    ids=["garbage at the end", "garbage in line 2", "one line short", "three lines", "a gap", "no line"],
)  # fmt: skip
def test_a_run_does_not_go_on_behind_a_gap(damage, said, first, kept, stopped, undisturbed, caplog, monkeypatch):
    write_lines(stopped, damage(lines(stopped)))
    began = []

    def seed_step(seed, step, rank):
        began.append(step)
        randomness.seed_step(seed, step, rank)

    monkeypatch.setattr("d9d_lr.training.loop.seed_step", seed_step)
    run(stopped, *OVERRIDES)
    assert began[0] == first
    assert said in caplog.text
    assert differences(undisturbed, stopped) == []
    assert [name for name in names(stopped) if "set-aside" in name] == [f"step-0000000{n}.pt.set-aside" for n in kept]


def test_garbage_is_kept(stopped):
    damaged = garbage(1)(lines(stopped))
    write_lines(stopped, damaged)
    run(stopped, *OVERRIDES)
    assert (stopped / "metrics.jsonl.set-aside").read_text() == "".join(damaged)


def test_a_run_that_ended_and_lost_its_metrics_is_done_again(tmp_path, undisturbed):
    run(tmp_path, *OVERRIDES)
    write_lines(tmp_path, lines(tmp_path)[:-3])
    for path in (tmp_path / "checkpoints").iterdir():
        path.unlink()
    run(tmp_path, *OVERRIDES)
    assert differences(undisturbed, tmp_path) == []
    assert (tmp_path / "checkpoint.pt.set-aside").exists()


def test_metrics_of_another_folder_are_not_asked_for(stopped, tmp_path_factory):
    there = tmp_path_factory.mktemp("there")
    write_lines(stopped, [])
    run(there, *OVERRIDES, f"train.resume={stopped}")
    assert [int(row["step"]) for row in rows(there)] == list(range(12, 21))
    assert result(there)["status"] == "completed"


def test_a_pipe_in_the_place_of_the_metrics_is_kept(stopped, undisturbed, caplog):
    (stopped / "metrics.jsonl").unlink()
    os.mkfifo(stopped / "metrics.jsonl")
    run(stopped, *OVERRIDES)
    assert caplog.text.count("metrics.jsonl is a named pipe, not a file; taking the checkpoint before") == 1
    assert (stopped / "metrics.jsonl.set-aside").is_fifo()
    assert differences(undisturbed, stopped) == []


@pytest.mark.parametrize("make", [lambda path: path.write_text("{"), lambda path: (path.unlink(), path.mkdir())])
def test_a_damaged_result_is_kept(make, stopped, undisturbed, caplog):
    make(stopped / "result.json")
    run(stopped, *OVERRIDES)
    assert "it is kept as result.json.set-aside" in caplog.text
    assert (stopped / "result.json.set-aside").exists()
    assert differences(undisturbed, stopped) == []


def test_a_pipe_in_the_place_of_a_checkpoint_is_passed_over(stopped, undisturbed, caplog):
    (stopped / "checkpoints" / "step-000000012.pt").unlink()
    os.mkfifo(stopped / "checkpoints" / "step-000000012.pt")
    run(stopped, *OVERRIDES)
    assert "step-000000012.pt is a named pipe, not a file; taking the checkpoint before" in caplog.text
    assert differences(undisturbed, stopped) == []


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (os.mkfifo, "is a named pipe, not a file"),
        (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
        (lambda path: path.write_bytes(b"x" * 101), "is too large to be read: it has more than 100 bytes"),
    ],
)
def test_a_text_is_a_file_of_some_size(make, said, tmp_path, monkeypatch):
    monkeypatch.setattr("d9d_lr.training.tasks.text.LARGEST_TEXT_BYTES", 100)
    make(tmp_path / "text")
    with pytest.raises(ConfigError, match=rf"task\.text_file: .*text {said}"):
        run(tmp_path / "run", *CHARLM, f"task.text_file={tmp_path}/text")


def test_lines_of_a_text_end_as_python_reads_them(tmp_path):
    (tmp_path / "text").write_bytes("a\r\nb\rc\nd\u2028e".encode())
    assert read_text(str(tmp_path / "text")) == "a\nb\nc\nd\u2028e"


def test_a_checkpoint_of_a_later_format_is_not_passed_over(stopped, monkeypatch):
    import torch

    path = stopped / "checkpoints" / "step-000000012.pt"
    torch.save({**torch.load(path, weights_only=True), "format": 3}, path)
    with pytest.raises(RunError, match=r"step-000000012\.pt has format 3, and this version of d9d_lr reads up to"):
        run(stopped, *OVERRIDES)

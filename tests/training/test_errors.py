"""Why a run failed: the result says it in one line, with its type and its first cause; error.txt has the traceback."""

import errno
import io

import pytest
import torch

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.diagnostics.visible import in_one_line
from helpers.small_runs import DIGITS, result, run


def caused(error, cause):
    error.__cause__ = cause
    return error


def met(error, before):
    error.__context__ = before
    return error


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (KeyError("loss"), "KeyError: 'loss'"),
        (ValueError(), "ValueError"),
        (ValueError("two\n  lines\there"), "ValueError: two lines here"),
        (ValueError("red \x1b[31m \udcff"), "ValueError: red \\x1b[31m \\udcff"),
        (caused(RuntimeError("broke"), KeyError("loss")), "RuntimeError: broke (from KeyError: 'loss')"),
        (met(RuntimeError("gap"), OSError(28, "full")), "RuntimeError: gap (from OSError: [Errno 28] full)"),
        (caused(RuntimeError("c"), caused(ValueError("b"), TypeError("a"))), "RuntimeError: c (from TypeError: a)"),
        (caused(RunError("no space is left"), OSError("x")), "no space is left"),
        (ConfigError([Problem("a.b", "is 1"), Problem("", "is 2")]), "a.b: is 1; is 2"),
    ],
)
def test_an_error_in_one_line(error, line):
    assert in_one_line(error) == line


def test_a_ring_of_causes_ends():
    first, second = ValueError("first"), ValueError("second")
    first.__cause__, second.__cause__ = second, first
    assert in_one_line(first) == "ValueError: first (from ValueError: second)"


@pytest.fixture
def failing(monkeypatch):
    """Lets the fifth step of a run raise an error."""

    def fail(error):
        def seed_step(seed, step, rank):
            if step == 5:
                raise error

        monkeypatch.setattr("d9d_lr.training.loop.seed_step", seed_step)

    return fail


@pytest.mark.parametrize(
    ("error", "line"), [(KeyError("loss"), "KeyError: 'loss'"), (ValueError("\udcff"), "ValueError: \\udcff")]
)
def test_the_result_names_the_type_and_the_traceback_is_kept(error, line, failing, tmp_path, caplog):
    caplog.set_level("INFO")
    failing(error)
    with pytest.raises(type(error)):
        run(tmp_path, *DIGITS)
    assert (result(tmp_path)["status"], result(tmp_path)["error"]) == ("failed", line)
    text = (tmp_path / "error.txt").read_text()
    assert text.startswith(f"{line}\n\nTraceback (most recent call last):\n")
    assert "in seed_step" in text
    assert f"what ended it is in {tmp_path / 'error.txt'}" in caplog.text


def test_the_traceback_goes_when_the_run_goes_on(failing, tmp_path, monkeypatch):
    failing(KeyError("stops"))
    with pytest.raises(KeyError):
        run(tmp_path, *DIGITS)
    monkeypatch.undo()
    run(tmp_path, *DIGITS)
    assert not (tmp_path / "error.txt").exists()


class Full(io.RawIOBase):
    """A disk that takes 1 000 bytes of a file."""

    def __init__(self):
        self.written = 0

    def writable(self):
        return True

    def fileno(self):
        return 0

    def write(self, content):
        self.written += len(content)
        if self.written > 1000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return len(content)


def test_a_full_disk_in_a_checkpoint_is_reported_as_one(tmp_path, monkeypatch):
    save = torch.save
    monkeypatch.setattr(torch, "save", lambda content, file: save(content, Full()))
    with pytest.raises(RunError, match=r"No space left on device: .*; nothing was saved yet"):
        run(tmp_path, *DIGITS)
    assert result(tmp_path)["error"].startswith("No space left on device")
    assert "unexpected pos" not in result(tmp_path)["error"]

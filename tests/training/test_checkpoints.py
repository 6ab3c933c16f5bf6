"""Checkpoints: whole or absent, damage noticed, the newest usable one taken."""

import logging
import random
import zipfile

import pytest
import torch

from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.runs import atomic as files
from d9d_lr.runs.folders import RunFolder
from d9d_lr.training.checkpoints import (
    Checkpoint,
    checkpoint_at,
    load_checkpoint,
    newest_checkpoint,
    prune,
    save_checkpoint,
)
from helpers.kills import differences, differing_bits
from helpers.small_runs import DIGITS, digest, run


def checkpoint(step: int = 3) -> Checkpoint:
    weights = torch.arange(1000, dtype=torch.float32)
    return Checkpoint(step, 1.5, {"weights": weights}, {"state": {}}, {"last_epoch": step}, {}, {})


def saved(folder, step):
    path = RunFolder(folder).checkpoint_after(step)
    save_checkpoint(path, checkpoint(step))
    return path


def cut(path):
    path.write_bytes(path.read_bytes()[:-100])


def empty(path):
    path.write_bytes(b"")


def flip_in_the_weights(path):
    content = bytearray(path.read_bytes())
    content[content.index(torch.arange(1000, dtype=torch.float32).numpy().tobytes()) + 2001] ^= 16
    path.write_bytes(content)


def not_ours(path):
    torch.save({"state_dict": {}}, path)


def not_a_checkpoint(path):
    path.write_text("hello")


def another_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello", "world")


def malicious(path):
    torch.save(print, path)


DAMAGES = [cut, empty, flip_in_the_weights, not_ours, not_a_checkpoint, another_zip, malicious]


def test_what_is_saved_is_loaded(tmp_path):
    loaded = load_checkpoint(saved(tmp_path, 7))
    assert loaded.step == 7
    assert torch.equal(loaded.model["weights"], torch.arange(1000, dtype=torch.float32))
    assert [path.name for path in tmp_path.rglob("*.pt")] == ["step-000000007.pt"]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_one_is_reported_and_the_one_before_it_taken(damage, tmp_path, caplog):
    saved(tmp_path, 5)
    path = saved(tmp_path, 7)
    damage(path)
    with pytest.raises(RunError, match=r"step-000000007\.pt is (damaged: .+|not a checkpoint of d9d_lr)"):
        load_checkpoint(path)
    with caplog.at_level(logging.WARNING):
        assert newest_checkpoint(tmp_path).step == 5
    assert "step-000000007.pt is" in caplog.text
    assert "taking the checkpoint before step-000000007.pt" in caplog.text


def test_where_none_can_be_read_the_user_decides(tmp_path):
    for step in (5, 7):
        cut(saved(tmp_path, step))
    with pytest.raises(RunError, match=r"no checkpoint in .* can be read; train\.resume=never starts over"):
        newest_checkpoint(tmp_path)


def test_any_flipped_bit_is_harmless_or_noticed(tmp_path):
    whole, other = tmp_path / "whole", tmp_path / "other"
    for folder in (whole, other):
        folder.mkdir()
        save_checkpoint(folder / "checkpoint.pt", checkpoint())
    content = (whole / "checkpoint.pt").read_bytes()
    generator, noticed = random.Random(0), 0
    for _ in range(300):
        flipped = bytearray(content)
        flipped[generator.randrange(len(content))] ^= 1 << generator.randrange(8)
        (other / "checkpoint.pt").write_bytes(flipped)
        try:
            assert differing_bits(whole, other) == 0
        except RunError:
            noticed += 1
    assert noticed > 200  # the archive is mostly weights, with a checksum


def test_any_cut_is_noticed(tmp_path):
    path = saved(tmp_path, 1)
    content = path.read_bytes()
    for length in random.Random(0).sample(range(len(content)), 60):
        path.write_bytes(content[:length])
        with pytest.raises(RunError, match=r"damaged|not a checkpoint"):
            load_checkpoint(path)


def test_the_newest_are_kept(tmp_path):
    for step in (2, 4, 11, 100):
        saved(tmp_path, step)
    prune(tmp_path, 2)
    assert sorted(path.name for path in tmp_path.rglob("*.pt")) == ["step-000000011.pt", "step-000000100.pt"]


@pytest.mark.parametrize("keep", [1, 3])
def test_a_run_keeps_as_many_as_it_is_told(keep, tmp_path):
    run(tmp_path, *DIGITS, "train.checkpoint_every=2", f"train.keep_checkpoints={keep}")
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == [f"step-{step:09d}.pt" for step in range(20 - 2 * keep, 20, 2)]


def test_the_place_to_go_on_from_may_be_a_file_or_a_run_folder(tmp_path):
    path = saved(tmp_path, 4)
    saved(tmp_path, 6)
    assert checkpoint_at(str(path)).step == 4
    assert checkpoint_at(str(tmp_path)).step == 6


@pytest.mark.parametrize("place", ["nevr", "/no/such/place", "empty"])
def test_a_place_without_a_checkpoint_is_refused(place, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        ConfigError, match=rf"train\.resume: there is no checkpoint at '{place}'; it must be auto, never, or the"
    ):
        checkpoint_at(place)


def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch):
    path = saved(tmp_path, 4)
    before = digest(tmp_path)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        save_checkpoint(path, checkpoint(5))
    assert digest(tmp_path) == before


@pytest.mark.parametrize("damage", [cut, empty, not_a_checkpoint])
def test_a_damaged_end_does_not_spoil_the_checkpoint_before_it(damage, tmp_path, monkeypatch):
    """A run ended, its checkpoint.pt broke, it is started again, stops at once, and is started once more."""
    undisturbed, folder = tmp_path / "undisturbed", tmp_path / "folder"
    overrides = (*DIGITS, "train.checkpoint_every=7")
    for each in (undisturbed, folder):
        run(each, *overrides)
    damage(folder / "checkpoint.pt")
    with monkeypatch.context() as patched:
        patched.setattr("d9d_lr.training.run.train", lambda *_: {}["stops at once"])
        with pytest.raises(KeyError, match="stops at once"):
            run(folder, *overrides)
    assert newest_checkpoint(folder).step == 14
    run(folder, *overrides)
    assert differences(undisturbed, folder) == []

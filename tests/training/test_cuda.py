"""Training on CUDA, where there is one."""

import pytest
import torch

from helpers.small_runs import CHARLM, DIGITS, result, rows, run, run_and_stop

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA")


@pytest.mark.parametrize("overrides", [(*DIGITS, "task.dropout=0"), CHARLM], ids=["digits", "charlm"])
def test_the_losses_are_those_of_the_cpu(overrides, tmp_path):
    run(tmp_path / "cpu", *overrides)
    run(tmp_path / "cuda", *overrides, "train.device=cuda")
    for cpu, cuda in zip(rows(tmp_path / "cpu"), rows(tmp_path / "cuda"), strict=True):
        assert cuda == pytest.approx(cpu, rel=1e-3)


def test_a_stopped_run_goes_on(tmp_path, monkeypatch):
    overrides = (*DIGITS, "train.device=cuda")
    run(tmp_path / "undisturbed", *overrides)
    run_and_stop(monkeypatch, 10, tmp_path / "stopped", *overrides)
    run(tmp_path / "stopped", *overrides)
    assert result(tmp_path / "stopped")["status"] == "completed"
    for first, second in zip(rows(tmp_path / "undisturbed"), rows(tmp_path / "stopped"), strict=True):
        assert second == pytest.approx(first, rel=1e-4)


def test_auto_takes_it(tmp_path):
    run(tmp_path, *DIGITS, "train.device=auto")
    assert torch.cuda.max_memory_allocated() > 0

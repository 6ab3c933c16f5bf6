"""Runs killed with SIGKILL at random moments end as undisturbed ones do, to the last bit."""

from functools import partial
from pathlib import Path

import pytest

from d9d_lr.runs.results import read_result
from helpers.kills import LONGEST_SECONDS, Commanded, Forked, Moment, differences, differing_bits, moments, run_killed
from helpers.small_runs import CHARLM, DIGITS, settings

OFTEN = ("train.checkpoint_every=2", "train.total_steps=40")
RUNS = {
    "digits mlp": (*DIGITS, *OFTEN),
    "digits cnn with momentum": (*DIGITS, *OFTEN, "task.model=cnn", "optimizer=sgd"),
    "charlm with dropout": (*CHARLM, *OFTEN, "task.dropout=0.2"),
    "no checkpoint on the way": (*DIGITS, "train.total_steps=40"),
}
KILLS = 6


def made(folder: Path) -> Path:
    folder.mkdir()
    return folder


@pytest.mark.parametrize("seed", range(4), ids=list(RUNS))
def test_killed_runs_end_like_an_undisturbed_one(seed, tmp_path):
    wanted = settings(*list(RUNS.values())[seed])
    undisturbed = made(tmp_path / "undisturbed")
    assert Forked(wanted, undisturbed).wait(LONGEST_SECONDS) == 0
    chosen, kills = moments(seed, lines=41), 0
    while kills < KILLS:
        killed = made(tmp_path / f"killed after {kills}")
        kills += run_killed(partial(Forked, wanted, killed), killed, chosen, KILLS - kills).kills
        assert differences(undisturbed, killed) == []


def test_the_command_line_goes_on_after_kills(tmp_path):
    arguments = (*DIGITS, *OFTEN)
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    assert Commanded(*arguments, f"hydra.run.dir={undisturbed}").wait(LONGEST_SECONDS) == 0
    chosen = iter([Moment(15, 0.004), Moment(33, 0.001)])
    lived = run_killed(lambda: Commanded(*arguments, f"hydra.run.dir={killed}"), killed, chosen, 2)
    assert (lived.kills, lived.starts) == (2, 3)
    assert differences(undisturbed, killed) == []


def test_the_comparison_finds_a_single_bit(tmp_path):
    import torch

    from d9d_lr.training.run import run_training

    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
        run_training(settings(*DIGITS), folder, [], summary=False)
    assert differences(*folders) == []
    path = folders[1] / "checkpoint.pt"
    content = torch.load(path, weights_only=True)
    bits = content["model"]["1.bias"].view(torch.int32)
    bits[0] ^= 1
    torch.save(content, path)
    assert differing_bits(*folders) == 1
    assert differences(*folders) == ["1 bits of the checkpoint differ"]
    assert read_result(folders[0]).status == "completed"

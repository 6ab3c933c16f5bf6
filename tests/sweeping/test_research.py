"""The table of `make research`, from a sweep of seconds, and the one that stands in sweeps/README.md."""

from conftest import in_process
from d9d_lr.train import job
from helpers.small_runs import DIGITS
from sweeping.research import BEGIN, END, README, losses, names, table


def test_a_row_has_losses_and_steps(in_tmp, monkeypatch, capsys):
    sweep = in_process("train", job, monkeypatch, capsys)
    done = sweep(*DIGITS, "lr=wsd", "train.total_steps=20,30", "train.seed=0,1", "sweep.keep_branches=true")
    assert done.status == 0
    _, _, row, _, *answers, _ = table([in_tmp / "s"]).split("\n")
    name, figures, *counts = row.strip("| ").split(" | ")
    assert name == "`s`"
    assert figures.startswith("train.total_steps=20: ")
    # For each seed: warmup to 4, hold to 16 or 24; the first step of the decay still has the value of the hold, so
    # 17 steps are shared: 50 as written, 17 + 3 + 13 trained.
    assert counts == ["2", "100", "66", "1.5"]
    assert [answer.split(": ")[0] for answer in answers] == ["- `s`"] * 2


def test_losses_stand_along_the_key_with_the_most_values():
    means = {("a", "10"): 2.0, ("a", "9"): 1.0, ("a", "100"): None, ("b", "9"): 1.5}
    settings = [type("", (), {"values": {"x": x, "y": y}, "mean": mean}) for (x, y), mean in means.items()]
    assert losses(settings) == "x=a, y=9: 1.000, 10: 2.000, 100: failed<br>x=b, y=9: 1.500"


def test_every_sweep_is_in_the_table_of_the_readme():
    written = README.read_text().split(BEGIN)[1].split(END)[0]
    assert [line.split("`")[1] for line in written.splitlines() if line.startswith("| `")] == names()

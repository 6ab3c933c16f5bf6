"""Stopping points that are clearly behind: who is judged by whom, and what becomes of those that are stopped."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest
from sweep_files import rows

from conftest import in_process
from d9d_lr.composing.compose import compose_lr
from d9d_lr.config.build import build_schedule
from d9d_lr.runs.results import read_result
from d9d_lr.sweeping.checker import RunPreview
from d9d_lr.sweeping.pruning import Judge, rungs_of, write_rungs
from d9d_lr.sweeping.settings import PruneConfig
from d9d_lr.train import job
from d9d_lr.training.stage import stage_at
from helpers.kills import differences

RATES = (
    "task=digits", "task.width=8", "train.batch_size=4", "train.eval_every=10", "train.log_every=1", "train.device=cpu",
    "train.total_steps=60", "lr=constant", "optimizer.lr=0.03,1e-6,2e-6,3e-6",
)  # fmt: skip
PRUNE = "sweep.prune={first_step:10,factor:2}"


@dataclass(frozen=True)
class Seen:
    """A point, as far as rungs are concerned."""

    folder: str
    steps: int
    group: str

    @property
    def preview(self):
        return RunPreview(judged=self._judged)

    def _judged(self, step):
        return self.group if step < self.steps else None


def test_rungs_are_a_factor_apart_and_below_the_last_step():
    points = [Seen("a", 100, "x"), Seen("b", 40, "x"), Seen("c", 100, "y")]
    # 10, 30, 90; at 90 the second has ended, and at 270 all of them.
    assert rungs_of(points, PruneConfig(first_step=10)) == {
        "10": {"x": ["a", "b"], "y": ["c"]},
        "30": {"x": ["a", "b"], "y": ["c"]},
        "90": {"x": ["a"], "y": ["c"]},
    }


@pytest.mark.parametrize(
    ("factor", "others", "value", "stopped"),
    [
        (3, [], 9.0, False),  # the first to come
        (3, [1.0], 9.0, False),  # two of three: nothing can be said yet
        (3, [1.0, 2.0], 9.0, True),  # three, of which one goes on
        (3, [1.0, 2.0], 0.5, False),
        (3, [1.0, 2.0, 3.0, 4.0], 1.5, True),  # five, of which still one goes on
        (3, [1.0, 2.0, 3.0, 4.0, 5.0], 1.5, False),  # six: two
        (3, [1.0, 2.0, 3.0, 4.0, 5.0], 2.5, True),
        (2, [1.0, 1.0, 1.0], 1.0, False),  # none is ahead of its equals
        (2, [1.0], float("nan"), False),  # training ends that by itself
    ],
)
def test_verdicts(tmp_path, factor, others, value, stopped):
    names = ["own", *(f"p{number}" for number in range(len(others)))]
    for name, other in zip(names[1:], others, strict=True):
        (tmp_path / name).mkdir()
        lines = [{"step": 0, "val_loss": 0.0}, {"step": 10, "val_loss": other}]
        (tmp_path / name / "metrics.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    names.append("not begun")
    write_rungs(tmp_path / "rungs", {"10": {"here": names, "elsewhere": ["another"]}}, factor)
    judge = Judge.of(tmp_path / "rungs", tmp_path / "own")
    assert (judge.verdict(10, value) is not None) == stopped
    assert judge.verdict(11, value) is None


def test_nobody_judges_where_there_are_no_rungs(tmp_path):
    assert Judge.of(None, tmp_path) is None
    assert Judge.of(tmp_path / "removed", tmp_path) is None


@pytest.mark.parametrize(
    ("step", "stage"),
    # Up until 10, at the peak until 80, down to a tenth at 100: at 90 halfway, 0.55.
    [(0, None), (9, None), (10, "9 tenths"), (80, "9 tenths"), (90, "5 tenths"), (99, "1 tenths")],
)
def test_stages(step, stage):
    schedule = build_schedule(compose_lr(["lr=wsd", "lr.phases.0.steps=10", "lr.phases.2.target_multiplier=0.1"]), 100)
    assert stage_at(schedule, step, 100) == (f"{stage} of its peak" if stage else None)


@pytest.fixture
def sweep(in_tmp, monkeypatch, capsys):
    """Sweeps the training entrypoint in this process."""
    return in_process("train", job, monkeypatch, capsys)


def test_what_is_behind_is_stopped_and_can_be_taken_up_again(sweep):
    done = sweep(*RATES, PRUNE)
    assert done.status == 0, done.err
    assert "1 completed, 3 pruned" in done.out
    status = {float(row["optimizer.lr"]): row for row in rows("s")}
    assert {rate for rate, row in status.items() if row["status"] == "pruned"} == {1e-6, 2e-6, 3e-6}
    assert status[1e-6]["error"].startswith("stopped at step 20: 1 of the 1 runs to compare it with are ahead")
    assert status[1e-6]["val_loss"] == ""

    assert sweep(*RATES, PRUNE).status == 0  # what was pruned is left alone
    before = {row["optimizer.lr"]: row["status"] for row in rows("s")}
    assert sorted(before.values()) == ["completed", *["pruned"] * 3]

    again = sweep(*RATES)
    assert again.status == 0
    assert {row["status"] for row in rows("s")} == {"completed"}
    sweep(*RATES, folder="whole")
    names = sorted(path.parent.name for path in Path("whole").glob("*/result.json"))
    assert [found for name in names if (found := differences(Path("whole", name), Path("s", name)))] == []
    assert read_result(Path("s", names[0])).trained_steps == 60


@pytest.mark.parametrize("prune", ["{first_step:15}", "{first_step:60}"])
def test_a_rung_at_which_nothing_is_evaluated_is_refused(sweep, prune):
    done = sweep(*RATES, f"sweep.prune={prune}")
    assert done.status == 2
    assert "sweep.prune.first_step: " in done.err
    assert not Path("s").exists()

"""A schedule that is another one than the checkpoint's: refused, kept or adopted, base learning rate included."""

import json
from functools import partial

import pytest
import torch

from d9d_lr.config.build import build_schedule
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.training.checkpoints import load_checkpoint
from d9d_lr.training.environment import check_environment
from helpers.kills import differences
from helpers.small_runs import DIGITS, PLAIN, SHORT, digest, result, rows, run, run_and_stop, settings

LINE = ("task._target_=helpers.user_defined.LineTask", *SHORT, *PLAIN, "optimizer.lr=0.1")
OWN = (*LINE, "lr._target_=helpers.user_defined.InverseRoot")
RECURSIVE = (*LINE, "lr._target_=helpers.user_defined.Cosine")
ADOPT, KEEP = "train.on_schedule_change=adopt", "train.on_schedule_change=keep"


def lrs(folder):
    return {int(row["step"]): row["lr"] for row in rows(folder)}


def planned(*overrides):
    wanted = settings(*overrides)
    schedule = build_schedule(wanted.lr, wanted.train.total_steps)
    return {step: wanted.optimizer.lr * schedule.multiplier(step) for step in range(wanted.train.total_steps + 1)}


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A run that was interrupted before step 10 of 20; its schedule holds from step 4 to 16."""
    return partial(run_and_stop, monkeypatch, 10, tmp_path / "run")


def test_the_error_shows_each_difference_and_the_jump_and_nothing_changes(stopped):
    folder = stopped(*LINE)
    before = digest(folder)
    changed = (*LINE, "lr.phases.0.steps=6", "lr.phases.1.percentage=0.4", "optimizer.lr=0.2")
    with pytest.raises(ConfigError) as refused:
        run(folder, *changed)
    # Step 10: 0.1 * 1 under the old one; under the new one the decay from 1 to 0.1 runs from step 8 to 20, so that a
    # sixth of it is done: 0.2 * (1 - 0.9 / 6) = 0.17.
    assert str(refused.value).splitlines() == [
        "1 problem in the configuration:",
        "  lr: the schedule is not the one that the checkpoint of step 10 was made under:",
        "      phase 0: steps 0 to 4, linear to 1.0 -> steps 0 to 6, linear to 1.0",
        "      phase 1: steps 4 to 16, linear to 1.0 -> steps 6 to 8, linear to 1.0",
        "      phase 2: steps 16 to 20, linear to 0.1 -> steps 8 to 20, linear to 0.1",
        "      base learning rate: 0.1 -> 0.2",
        "      at step 10 the learning rate goes from 0.1 to 0.17",
        "    train.on_schedule_change=adopt takes the new one, =keep goes on with the old one",
    ]
    assert digest(folder) == before
    with pytest.raises(ConfigError, match=r"goes from 0\.1 to 0\.17"):
        check_environment(settings(*changed), folder)
    assert digest(folder) == before


@pytest.mark.parametrize("changed", [["lr.phases.2.target_multiplier=0.5"], ["optimizer.lr=0.05"], ["lr=constant"]])
def test_any_change_is_noticed(changed, stopped):
    folder = stopped(*LINE)
    overrides = [each for each in LINE if not (changed == ["lr=constant"] and each.startswith("lr.phases"))]
    with pytest.raises(ConfigError, match="the schedule is not the one that the checkpoint of step 10"):
        run(folder, *overrides, *changed)


def test_another_way_to_write_the_same_schedule_is_no_change(stopped):
    folder = stopped(*LINE)
    run(folder, *LINE, "lr/hold@lr.phases.1=for_steps", "lr.phases.1.steps=12")
    assert result(folder)["status"] == "completed"


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_adopt_takes_the_new_schedule_and_the_new_base(optimizer, stopped):
    base = (*LINE, f"optimizer={optimizer}")
    folder = stopped(*base)
    changed = (*base, "lr.phases.1.percentage=0.4", "optimizer.lr=0.2")
    run(folder, *changed, ADOPT)
    old, new = planned(*base), planned(*changed)
    assert lrs(folder) == {step: old[step] if step < 10 else new[step] for step in range(21)}
    state = load_checkpoint(folder / "checkpoint.pt").optimizer["param_groups"][0]
    assert (state["initial_lr"], state["lr"]) == (0.2, new[20])
    assert json.loads((folder / "schedule.json").read_text())["scheduler"]["phases"][1]["percentage"] == 0.4
    run(folder, *changed)  # adopted once, it is the run's own


def test_keep_goes_on_with_the_old_schedule_and_the_old_base(stopped, tmp_path):
    folder = stopped(*LINE)
    run(tmp_path / "undisturbed", *LINE)
    run(folder, *LINE, "lr.phases.1.percentage=0.4", "optimizer.lr=0.2", KEEP)
    assert lrs(folder) == planned(*LINE)
    for name in ("metrics.jsonl", "schedule.json"):
        assert (folder / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()


def test_keep_for_longer_stays_at_the_old_end(stopped):
    folder = stopped(*LINE)
    run(folder, *LINE, "train.total_steps=25", KEEP)
    old = planned(*LINE)
    assert lrs(folder) == {step: old[min(step, 20)] for step in range(26)}


def test_a_branch_has_its_own_folder_and_goes_on_from_it(stopped, tmp_path, monkeypatch):
    folder, branch = stopped(*LINE), tmp_path / "branch"
    before = digest(folder)
    overrides = (*LINE, f"train.resume={folder}", KEEP, "optimizer.lr=0.2")
    run_and_stop(monkeypatch, 15, branch, *overrides)
    run(branch, *overrides)
    assert digest(folder) == before
    assert lrs(branch) == {step: lr for step, lr in planned(*LINE).items() if step >= 10}
    assert (branch / "schedule.json").read_bytes() == (folder / "schedule.json").read_bytes()


# --- providers of a person's own ---


@pytest.mark.parametrize("overrides", [OWN, RECURSIVE], ids=["LambdaLR", "CosineAnnealingLR"])
def test_an_own_provider_goes_on_exactly(overrides, stopped, tmp_path):
    run(tmp_path / "undisturbed", *overrides)
    folder = stopped(*overrides)
    run(folder, *overrides)
    assert differences(tmp_path / "undisturbed", folder) == []


def test_a_changed_provider_is_noticed(stopped):
    folder = stopped(*OWN)
    wanted = (
        r"helpers\.user_defined\.InverseRoot\(\) over 20 steps -> "
        r"helpers\.user_defined\.InverseRoot\(scale=3\.0\) over 20 st"
        r"(.|\n)*at step 10 the learning rate was 0\.0707107; a provider of your own decides"
    )
    with pytest.raises(ConfigError, match=wanted):
        run(folder, *OWN, "+lr.scale=3.0")
    with pytest.raises(ConfigError, match=r"a piecewise schedule -> |InverseRoot\(\) over 20 steps -> a piecewise"):
        run(folder, *LINE)


@pytest.mark.parametrize("provider", ["InverseRoot", "Cosine"])
def test_adopt_takes_a_new_provider_with_its_base(provider, stopped, tmp_path):
    folder = stopped(*LINE)
    changed = (*LINE, f"lr._target_=helpers.user_defined.{provider}", "optimizer.lr=0.3")
    run(tmp_path / "from the start", *changed)
    run(folder, *changed, ADOPT)
    wanted = lrs(tmp_path / "from the start")
    found = lrs(folder)
    assert {step: found[step] for step in range(10, 21)} == pytest.approx(
        {step: wanted[step] for step in range(10, 21)}, rel=1e-12
    )


def test_keep_goes_on_with_the_old_provider(stopped, tmp_path):
    run(tmp_path / "undisturbed", *OWN)
    folder = stopped(*OWN)
    run(folder, *OWN, "+lr.scale=3.0", "optimizer.lr=0.2", KEEP)
    assert lrs(folder) == lrs(tmp_path / "undisturbed")


# --- other changes ---

OVER = "start over with train.resume=never, or take another run folder"


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "+task.slope=5.0",
            r"task\.arguments: the checkpoint of step 10 was made with \{\}, now it is \{'slope': 5\.0\}",
        ),
        ("optimizer=sgd", r"optimizer: the checkpoint of step 10 was made with adamw, now it is sgd"),
        ("train.total_steps=9", r"train\.total_steps: 9 is below 10, the step of the checkpoint"),
    ],
)
def test_other_work_is_refused_and_changes_nothing(override, message, stopped):
    folder = stopped(*LINE)
    before = digest(folder)
    with pytest.raises(ConfigError, match=message) as caught:
        run(folder, *LINE, override, ADOPT)
    assert digest(folder) == before
    assert {one.hint for one in caught.value.problems} == {OVER}
    run(folder, *LINE, override, "train.resume=never")  # as the hint says


def test_another_setting_of_the_optimizer_is_taken_and_said(stopped, caplog):
    folder = stopped(*LINE)
    with caplog.at_level("INFO"):
        run(folder, *LINE, "optimizer.weight_decay=0.7")
    assert "going on with another optimizer.weight_decay: 0.1 -> 0.7" in caplog.text
    assert load_checkpoint(folder / "checkpoint.pt").optimizer["param_groups"][0]["weight_decay"] == 0.7


def test_what_an_optimizer_keeps_in_its_groups_is_not_reset(stopped, monkeypatch, tmp_path):
    """Some optimizers count their steps in a param group; those settings must come from the checkpoint."""

    class Counting(torch.optim.SGD):
        def step(self, closure=None):
            group = self.param_groups[0]
            group["count"] = group.get("count", 0) + 1
            group["momentum"] = 0.5 if group["count"] > 12 else 0.9
            return super().step(closure)

    monkeypatch.setattr("helpers.user_defined.Counting", Counting, raising=False)
    overrides = (*LINE, "optimizer._target_=helpers.user_defined.Counting")
    run(tmp_path / "undisturbed", *overrides)
    folder = stopped(*overrides)
    run(folder, *overrides)
    assert differences(tmp_path / "undisturbed", folder) == []


# --- the two experiments of docs/resuming.md ---


def test_a_wsd_run_is_extended_inside_its_hold(tmp_path):
    folder, longer = tmp_path / "run", tmp_path / "longer"
    run(folder, *DIGITS, "train.checkpoint_every=5", "train.keep_checkpoints=3")
    source = folder / "checkpoints" / "step-000000015.pt"
    run(longer, *DIGITS, "+experiment=extend_wsd", f"train.resume={source}", "train.total_steps=40")
    run(tmp_path / "at once", *DIGITS, "train.total_steps=40")
    whole, extended = rows(tmp_path / "at once"), rows(longer)
    # The hold lasts to step 16 of 20, and to step 32 of 40: what came before step 15 is the same work, to the last bit.
    assert extended == [row for row in whole if row["step"] >= 15]
    assert lrs(longer)[31] == settings(*DIGITS).optimizer.lr


def test_cooldowns_branch_from_one_checkpoint(tmp_path):
    folder = tmp_path / "run"
    run(folder, *DIGITS, "train.checkpoint_every=5", "train.keep_checkpoints=3")
    source = folder / "checkpoints" / "step-000000010.pt"
    before = digest(folder)
    ends = {}
    for steps in (5, 10):
        branch = tmp_path / f"cooldown of {steps}"
        run(branch, *DIGITS, "+experiment=branch_cooldown", f"train.resume={source}", f"train.total_steps={10 + steps}",
            "lr.phases.1.steps=6")  # fmt: skip
        ends[steps] = lrs(branch)
    peak = settings(*DIGITS).optimizer.lr
    # The hold ends at step 4 + 6 = 10, then the learning rate falls to nothing over 5, or 10, steps.
    assert ends[5] == pytest.approx({10 + step: peak * (1 - step / 5) for step in range(6)}, abs=1e-12)
    assert ends[10] == pytest.approx({10 + step: peak * (1 - step / 10) for step in range(11)}, abs=1e-12)
    assert digest(folder) == before

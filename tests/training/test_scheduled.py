"""The section `schedules` of the entrypoint: applied, in the metrics, told apart, and restored to the last bit."""

import json
from functools import partial

import numpy as np
import pytest
import torch

from d9d_lr.composing.cli import run_application
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.train import job
from d9d_lr.training.checkpoints import load_checkpoint
from d9d_lr.training.course import course_of
from d9d_lr.training.fingerprint import settings_fingerprint
from d9d_lr.training.plan import planned
from d9d_lr.training.randomness import batch_generator
from helpers.kills import differences
from helpers.small_runs import DIGITS, PLAIN, SHORT, result, rows, run, run_and_stop, settings

LINE = ("task._target_=helpers.user_defined.LineTask", *SHORT, *PLAIN, "optimizer.lr=0.1")
DECAY = ("+lr@schedules.weight_decay=linear_to_zero", "optimizer.weight_decay=0.2")
BETA = ("+lr@schedules.betas.1=linear_to_zero", "schedules.betas.1.phases.0.target_multiplier=0.5")
RAMP = (
    "+lr@schedules.batch_size=batch_size/megatron_rampup",
    "schedules.batch_size.phases.0.samples=24",
    "schedules.batch_size.phases.0.target_value=4",
    "schedules.batch_size.phases.1.target_value=8",
)
ADOPT, KEEP = "train.on_schedule_change=adopt", "train.on_schedule_change=keep"


def column(folder, name):
    return [row[name] for row in rows(folder)]


@pytest.fixture
def stopped(tmp_path, monkeypatch):
    """A run that was interrupted before step 10 of 20."""
    return partial(run_and_stop, monkeypatch, 10, tmp_path / "run")


def test_the_metrics_have_what_is_scheduled_and_the_optimizer_follows(tmp_path):
    run(tmp_path, *LINE, *DECAY, *BETA)
    # 20 steps: 0.2 (1 - t / 20), and 0.95 (1 - t / 40)
    assert column(tmp_path, "weight_decay") == pytest.approx([0.2 * (1 - t / 20) for t in range(21)], abs=1e-17)
    assert column(tmp_path, "betas.1") == pytest.approx([0.95 * (1 - t / 40) for t in range(21)])
    group = load_checkpoint(tmp_path / "checkpoint.pt").optimizer["param_groups"][0]
    assert (group["weight_decay"], group["initial_weight_decay"]) == (0.0, 0.2)
    assert group["betas"] == (0.9, pytest.approx(0.475))
    written = json.loads((tmp_path / "schedules.json").read_text())
    assert {name: one["base_value"] for name, one in written.items()} == {"weight_decay": 0.2, "betas.1": 0.95}
    assert set(result(tmp_path)["final"]) == {"step", "val_loss"}


def test_a_run_without_them_writes_what_it_did_before(tmp_path):
    run(tmp_path, *LINE)
    assert set(rows(tmp_path)[0]) == {"step", "lr", "train_loss", "val_loss"}
    assert not (tmp_path / "schedules.json").exists()
    assert "other_schedules" not in load_checkpoint(tmp_path / "checkpoint.pt").scheduler


def test_each_schedule_changes_what_is_learned(tmp_path):
    for name, overrides in {"none": (), "decay": DECAY, "beta": BETA, "ramp": RAMP}.items():
        run(tmp_path / name, *LINE, *overrides)
    losses = {result(tmp_path / name)["objective"] for name in ("none", "decay", "beta", "ramp")}
    assert len(losses) == 4


@pytest.mark.parametrize("scheduled", [(*DECAY, *BETA), RAMP], ids=["optimizer", "batch"])
def test_it_goes_on_as_if_it_had_never_stopped(scheduled, stopped, tmp_path):
    folder = stopped(*DIGITS, *scheduled)
    run(folder, *DIGITS, *scheduled)
    run(tmp_path / "undisturbed", *DIGITS, *scheduled)
    assert differences(folder, tmp_path / "undisturbed") == []
    for name in ("metrics.jsonl", "schedule.json", "schedules.json"):
        assert (folder / name).read_bytes() == (tmp_path / "undisturbed" / name).read_bytes()


def test_the_batch_of_a_step_has_its_own_size_and_is_drawn_by_seed_and_step_alone(tmp_path, monkeypatch):
    from helpers.user_defined import LineTask

    drawn = []
    draw = LineTask.train_batch

    def watched(task, size, generator):
        batch = draw(task, size, generator)
        drawn.append((size, batch[0].clone()))
        return batch

    monkeypatch.setattr(LineTask, "train_batch", watched)
    run(tmp_path, *LINE, *RAMP)
    # 24 samples are six steps of 4, then 14 of 8: 24 + 112 = 136
    assert [size for size, _ in drawn] == [4] * 6 + [8] * 14
    assert column(tmp_path, "batch_size") == [4] * 6 + [8] * 15
    assert column(tmp_path, "samples") == [*range(0, 24, 4), *range(24, 137, 8)]
    alone = draw(LineTask(), 8, batch_generator(0, 12))
    assert torch.equal(drawn[12][1], alone[0])


def test_the_learning_rate_is_counted_with_the_batch(tmp_path):
    in_samples = (
        "lr/hold@lr.phases.1=until_amount",
        "lr.phases.1.fraction=null",
        "lr.phases.1.samples=64",  # 24 in six steps, 40 in five more
        "lr.phases.2.target_multiplier=0.0",
    )
    run(tmp_path, *LINE, *RAMP, *in_samples)
    lrs = column(tmp_path, "lr")
    assert lrs[4:12] == [0.1] * 8
    assert lrs[12] == pytest.approx(0.1 * 8 / 9)
    # other files need not be read to know it
    phases = json.loads((tmp_path / "schedule.json").read_text())["scheduler"]["phases"]
    assert [phase["steps"] for phase in phases] == [4, 7, 9]


def test_the_advice_before_a_run_is_counted_with_the_batch(in_tmp, monkeypatch):
    # 64 samples end with step 11, as above; with the full batch of 8 they would end at 8, inside the warmup
    in_samples = ("lr/hold@lr.phases.1=until_amount", "lr.phases.1.fraction=null", "lr.phases.1.samples=64")
    monkeypatch.setattr("sys.argv", ["train", *LINE, *RAMP, *in_samples, "lr.phases.0.steps=10", "hydra.run.dir=r"])
    run_application(job)
    assert result(in_tmp / "r")["status"] == "completed"


def test_another_schedule_is_refused_and_says_what_changes(stopped):
    folder = stopped(*LINE, *DECAY)
    with pytest.raises(ConfigError) as refused:
        run(folder, *LINE, *DECAY, "schedules.weight_decay.phases.0.target_multiplier=0.5")
    assert str(refused.value).splitlines()[2:4] == [
        "      weight_decay: phase 0: steps 0 to 20, linear to 0.0 -> steps 0 to 20, linear to 0.5",
        "      weight_decay: at step 10 it goes from 0.1 to 0.15",
    ]
    with pytest.raises(ConfigError, match=r"weight_decay: base value: 0\.2 -> 0\.4"):
        run(folder, *LINE, *DECAY, "optimizer.weight_decay=0.4")
    with pytest.raises(ConfigError, match="weight_decay: it is not scheduled any more"):
        run(folder, *LINE, "optimizer.weight_decay=0.2")
    with pytest.raises(ConfigError, match=r"betas\.1: it was not scheduled, and is now"):
        run(folder, *LINE, *DECAY, *BETA)


def test_adopt_takes_the_new_ones_and_keep_the_old(stopped, tmp_path):
    folder = stopped(*LINE, *DECAY)
    run(tmp_path / "undisturbed", *LINE, *DECAY)
    run(tmp_path / "kept", *LINE, *BETA, "optimizer.weight_decay=0.4", f"train.resume={folder}", KEEP)
    old = column(tmp_path / "undisturbed", "weight_decay")
    assert column(tmp_path / "kept", "weight_decay") == old[10:]
    assert "betas.1" not in rows(tmp_path / "kept")[0]
    run(tmp_path / "adopted", *LINE, *BETA, "optimizer.weight_decay=0.4", f"train.resume={folder}", ADOPT)
    assert "weight_decay" not in rows(tmp_path / "adopted")[0]
    assert column(tmp_path / "adopted", "betas.1") == pytest.approx([0.95 * (1 - t / 40) for t in range(10, 21)])
    group = load_checkpoint(tmp_path / "adopted" / "checkpoint.pt").optimizer["param_groups"][0]
    assert group["weight_decay"] == 0.4
    assert "initial_weight_decay" not in group


def test_they_are_part_of_what_a_run_is():
    plain = settings_fingerprint(settings(*LINE))
    assert settings_fingerprint(settings(*LINE, "optimizer.weight_decay=0.2")) != plain
    assert settings_fingerprint(settings(*LINE, *DECAY)) != settings_fingerprint(
        settings(*LINE, "optimizer.weight_decay=0.2")
    )


REFUSED = [
    (["+lr@schedules.weight_decay=wsd", "schedules.weight_decay.phases.0.steps=21"], "weight_decay.phases.0.steps: up"),
    (
        ["+lr@schedules.weight_decay=wsd", "schedules.weight_decay.phases.0.step=2"],
        "weight_decay.phases.0.step: unkn",
    ),
    (
        ["+lr@schedules.weight_decy=wsd"],
        "weight_decy: there is no hyperparameter 'weight_decy' to schedule",
    ),
    (["+lr@schedules.momentum=wsd"], "momentum: there is no hyperparameter 'momentum'"),
    (["+lr@schedules.betas.2=wsd"], "betas.2: there is no hyperparameter 'betas.2'"),
    (["+lr@schedules.weight_decay=wsd", "optimizer.weight_decay=0"], "weight_decay: optimizer.weight_decay is 0, and"),
    (
        ["+lr@schedules.betas.0=constant", "schedules.betas.0.initial_multiplier=2"],
        "betas.0: at step 0 it is 1.8, 2 times",
    ),
    (
        ["+lr@schedules.batch_size=constant", "schedules.batch_size.initial_multiplier=0.5"],
        "batch_size.phases.0.curve.type: a batch size is constant in each phase",
    ),
    (
        ["+lr@schedules.batch_size=constant", "schedules.batch_size.phases.0.target_multiplier=0.3"],
        "batch_size.phases.0: 0.3 of 8 examples are 2.4",
    ),
]


@pytest.mark.parametrize(("overrides", "message"), REFUSED, ids=lambda value: str(value)[:50])
def test_what_is_refused(overrides, message):
    with pytest.raises(ConfigError) as refused:
        settings(*DIGITS, *overrides)
    assert f"schedules.{message}" in str(refused.value)


def test_a_group_without_a_plus_is_reported_with_what_to_type():
    with pytest.raises(ConfigError, match=r"type \+lr@schedules\.weight_decay=constant"):
        settings(*DIGITS, "lr@schedules.weight_decay=constant")


def test_nothing_is_scheduled_beside_a_provider_of_ones_own():
    with pytest.raises(ConfigError, match=r"schedules: helpers\.user_defined\.Cosine schedules what"):
        settings(*LINE, "lr._target_=helpers.user_defined.Cosine", *DECAY)


def test_processes_divide_every_batch():
    from d9d_lr.training.environment import check_processes

    with pytest.raises(ConfigError, match=r"schedules\.batch_size: 4 cannot be divided equally among 8 processes"):
        check_processes(settings(*LINE, *RAMP), 8)
    check_processes(settings(*LINE, *RAMP), 2)


HEAD = ("+optimizer.groups.head.parameters=[6.*]", "+optimizer.groups.head.lr=0.02")
OWN = (*HEAD, "+lr@schedules.groups.head.lr=linear_to_zero")


def groups_of(folder):
    return load_checkpoint(folder / "checkpoint.pt").optimizer["param_groups"]


def test_a_param_group_by_name_has_its_own_base_and_schedule(tmp_path):
    run(tmp_path, *DIGITS, *OWN, *DECAY)
    first, head = groups_of(tmp_path)
    assert (head["name"], head["initial_lr"], head["lr"], len(head["params"])) == ("head", 0.02, 0.0, 2)
    assert (first["initial_lr"], first["lr"], len(first["params"])) == (0.003, pytest.approx(0.0003), 4)
    assert column(tmp_path, "groups.head.lr") == pytest.approx([0.02 * (1 - t / 20) for t in range(21)], abs=1e-17)
    assert [group["weight_decay"] for group in (first, head)] == [0.0, 0.0]


def test_the_ratio_between_groups_stays_without_a_schedule_of_their_own(tmp_path):
    run(tmp_path, *DIGITS, *HEAD, "lr.phases.2.target_multiplier=0.25")
    first, head = groups_of(tmp_path)
    assert head["lr"] / first["lr"] == pytest.approx(0.02 / 0.003)


def test_groups_go_on_and_their_own_base_is_part_of_the_schedule(stopped, tmp_path):
    folder = stopped(*DIGITS, *OWN)
    changed = [one if one != HEAD[1] else "+optimizer.groups.head.lr=0.04" for one in OWN]
    with pytest.raises(ConfigError, match=r"groups\.head\.lr: base value: 0\.02 -> 0\.04"):
        run(folder, *DIGITS, *changed)
    run(tmp_path / "adopted", *DIGITS, *changed, f"train.resume={folder}", ADOPT)
    assert column(tmp_path / "adopted", "groups.head.lr")[0] == 0.02  # 0.04 halfway
    run(tmp_path / "kept", *DIGITS, *changed, f"train.resume={folder}", KEEP)
    assert column(tmp_path / "kept", "groups.head.lr")[0] == 0.01
    run(folder, *DIGITS, *OWN)
    run(tmp_path / "undisturbed", *DIGITS, *OWN)
    assert differences(folder, tmp_path / "undisturbed") == []


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["+optimizer.groups.head.parameters=[9.*]"], r"head\.parameters: '9\.\*' matches no parameter of the model"),
        (
            [*HEAD, "+optimizer.groups.last.parameters=['6.weight']"],
            r"last\.parameters: 6\.weight is in the",
        ),
    ],
)
def test_which_parameters_a_group_has(overrides, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, *DIGITS, *overrides)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ([*HEAD, "+lr@schedules.groups.heads.lr=wsd"], r"groups\.heads\.lr: .*there are head\n.*did you mean 'head'"),
        (["+lr@schedules.groups.head.lr=wsd"], r"groups\.head\.lr: there is no param group 'head'; optimizer\.groups"),
        ([*HEAD, "+lr@schedules.groups.head.momentum=wsd"], r"groups\.head\.momentum: there is no hyperparameter"),
        (["+optimizer.groups.head.lr=1"], r"optimizer\.groups\.head\.parameters: is missing"),
    ],
)
def test_what_no_group_has(overrides, message):
    with pytest.raises(ConfigError, match=message):
        settings(*DIGITS, *overrides)


def test_points_share_the_steps_in_which_all_values_agree():
    def course(*overrides):
        found = settings(*DIGITS, *overrides)
        return course_of(found, planned(found).schedule())[0]

    wsd = ("+lr@schedules.weight_decay=wsd", "schedules.weight_decay.phases.0.steps=4")  # its decay begins at step 16
    one, other = course(*wsd), course(*wsd, "schedules.weight_decay.phases.2.target_multiplier=0.25")
    steps = np.arange(20)
    assert one.family == other.family
    agree = [a == b for a, b in zip(one.values(steps).view(np.int64), other.values(steps).view(np.int64), strict=True)]
    assert agree == [step <= 16 for step in steps]
    assert course().family != one.family

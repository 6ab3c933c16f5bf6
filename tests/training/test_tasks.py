"""The packaged tasks, a person's own, and the optimizers: each trains, or its problem is told."""

import json
import math
import shutil

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from d9d_lr.composing.compose import compose_checked
from d9d_lr.composing.paths import APP_DIR
from d9d_lr.composing.targets import packaged_values
from d9d_lr.diagnostics.problems import ConfigError, RunError
from d9d_lr.training.randomness import batch_generator
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.tasks.charlm import CharLM
from d9d_lr.training.tasks.digits import Digits, _rows
from d9d_lr.training.tasks.protocol import Task
from d9d_lr.training.tasks.settings import CharLMConfig, DigitsConfig
from helpers.kills import differences
from helpers.small_runs import CHARLM, DIGITS, PLAIN, SHORT, result, rows, run, run_and_stop, settings

LINE = ("task._target_=helpers.user_defined.LineTask", *SHORT, *PLAIN)
CPU = torch.device("cpu")

# --- charlm ---


def tiny(**changes) -> CharLMConfig:
    small = {"width": 8, "heads": 2, "layers": 1, "context_length": 4, "eval_batches": 1}
    return CharLMConfig(**packaged_values("task", "charlm") | small | changes)


def test_charlm_predicts_the_next_character_of_its_own_part_of_the_text(tmp_path):
    text = "".join(chr(ord("a") + index % 10) for index in range(200)) + "z" * 50
    (tmp_path / "text").write_text(text)
    task = CharLM(tiny(text_file=str(tmp_path / "text"), validation_fraction=0.2))
    inputs, targets = task.train_batch(500, batch_generator(0, 0))
    assert inputs.shape == targets.shape == (500, 4)
    # Characters follow one another by one, modulo ten; the validation text, all z (token 10), is never drawn.
    assert torch.equal(targets, (inputs + 1) % 10)
    assert set(inputs[:, 0].tolist()) == set(range(10))


def test_charlms_first_and_last_windows_are_drawn(tmp_path):
    (tmp_path / "text").write_text("abcdefgh" + "ijklmnop")
    task = CharLM(tiny(text_file=str(tmp_path / "text"), validation_fraction=0.5))
    inputs, targets = task.train_batch(300, batch_generator(0, 0))
    # Eight characters hold four windows of four inputs and a target: they start at a, b, c, d.
    assert sorted(set(inputs[:, 0].tolist())) == [0, 1, 2, 3]
    assert targets.max() == 7


def test_an_untrained_charlm_knows_nothing():
    task = CharLM(tiny())
    torch.manual_seed(0)
    metrics = task.evaluate(task.build_model().eval(), CPU)
    vocabulary = len(task._vocabulary)
    assert metrics == {"loss": pytest.approx(math.log(vocabulary), rel=0.02)}


def test_charlm_cannot_look_ahead():
    torch.manual_seed(0)
    model = CharLM(tiny()).build_model().eval()
    text, other = torch.tensor([[1, 2, 3, 4]]), torch.tensor([[1, 2, 9, 8]])
    same = (model(text) == model(other)).all(dim=-1)[0]
    assert same.tolist() == [True, True, False, False]


def test_charlms_text_is_real_english():
    from d9d_lr.training.tasks.text import read_text

    text = read_text(None)
    assert len(text) > 300_000
    assert text.count(" the ") > 3000


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["task.heads=3"], r"task\.heads"),
        (["task.text_file=/no/such"], r"task\.text_file: '/no/such' cannot be read: No such file"),
        (["task.text_file=/"], r"task\.text_file: / is a folder, not a file"),
        (["task.context_length=100000000"], r"task\.context_length: 100000000 is too long for the text: its shorter"),
    ],
)
def test_a_text_that_does_not_do_is_reported(overrides, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, *CHARLM, *overrides)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"good \xff bad", r"is not UTF-8 text: byte 5 is 0xff"),
        (b"", r"task\.context_length: 8 is too long for the text: its shorter part has 0 characters"),
        (b"short", r"its shorter part has 0 characters"),
    ],
)
def test_a_text_file_that_does_not_do_is_reported(content, message, tmp_path):
    (tmp_path / "text").write_bytes(content)
    with pytest.raises(ConfigError, match=message):
        run(tmp_path / "run", *CHARLM, f"task.text_file={tmp_path}/text")


# --- digits ---


@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_digits_learns(model, tmp_path):
    run(tmp_path, *DIGITS, f"task.model={model}", "task.width=32", "train.total_steps=60", "train.batch_size=64",
        "task.dropout=0", "optimizer.lr=0.01")  # fmt: skip
    first, last = rows(tmp_path)[0], rows(tmp_path)[-1]
    assert first["val_accuracy"] < 0.3
    assert last["val_accuracy"] > 0.6
    assert last["val_loss"] < first["val_loss"] / 1.5


def test_digits_splits_by_position_and_scales():
    task = Digits(DigitsConfig(**packaged_values("task", "digits")))
    images, labels = task.train_batch(2000, batch_generator(0, 0))
    assert images.shape == (2000, 1, 8, 8)
    assert (images.min(), images.max()) == (0.0, 1.0)
    assert set(labels.tolist()) == set(range(10))
    # round(1797 * 0.2) = 359 of 1 797 images are kept for validation.
    assert [len(task._train[0]), len(task._validation[0])] == [1438, 359]


@pytest.mark.parametrize("found", [True, False])
def test_digits_are_those_of_scikit_learns_own_reader(found, monkeypatch):
    if not found:
        monkeypatch.setattr("d9d_lr.training.tasks.digits.find_spec", lambda name: None)
    theirs = load_digits()
    rows = _rows()
    assert np.array_equal(rows[:, :-1], theirs.data)
    assert np.array_equal(rows[:, -1], theirs.target)


def test_accuracy_is_the_part_that_is_right():
    task = Digits(DigitsConfig(**packaged_values("task", "digits")))
    always_three = torch.nn.functional.one_hot(torch.tensor(3), 10).float()

    class Constant(torch.nn.Module):
        def forward(self, images):
            return always_three.repeat(len(images), 1)

    threes = (task._validation[1] == 3).double().mean().item()
    assert task.evaluate(Constant(), CPU)["accuracy"] == pytest.approx(threes)


@pytest.mark.parametrize(
    "config",
    [CharLMConfig(**packaged_values("task", "charlm")), DigitsConfig(**packaged_values("task", "digits"))],
    ids=["charlm", "digits"],
)
def test_the_packaged_tasks_are_tasks(config):
    assert isinstance(CharLM(config) if isinstance(config, CharLMConfig) else Digits(config), Task)


# --- a person's own ---


def test_an_own_task_trains(tmp_path):
    objective = run(tmp_path, *LINE, "+task.slope=-3.0", "optimizer.lr=0.3")
    assert objective < rows(tmp_path)[0]["val_loss"] / 2


def test_an_own_provider_gives_the_learning_rates(tmp_path):
    run(tmp_path, *LINE, "lr._target_=helpers.user_defined.InverseRoot", "+lr.scale=5.0", "optimizer.lr=0.1")
    wanted = [0.1 * (1 + step / 5.0) ** -0.5 for step in range(21)]
    assert [row["lr"] for row in rows(tmp_path)] == pytest.approx(wanted, rel=1e-12)
    written = json.loads((tmp_path / "schedule.json").read_text())
    assert written == {"_target_": "helpers.user_defined.InverseRoot", "scale": 5.0}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        (
            "task._target_=helpers.user_defined.NoLoss",
            r"gives a NoLoss without train_batch, loss; a task needs build_model,",
        ),
        (
            "task._target_=helpers.user_defined.Missing",
            r"task\._target_: 'helpers.user_defined.Missing' cannot be imported: AttributeError",
        ),
        (
            "lr._target_=helpers.user_defined.not_a_provider",
            r"lr\._target_: helpers.user_defined.not_a_provider gives a int; a provider is",
        ),
        (
            "lr._target_=helpers.user_defined.BuildsNoScheduler",
            r"lr\._target_: it built a object; a scheduler needs step, state_",
        ),
        (
            "optimizer._target_=helpers.user_defined.NoLoss",
            r"optimizer: helpers.user_defined.NoLoss refuses its arguments: ",
        ),
        ("optimizer._target_=builtins.list", r"optimizer\._target_: builtins.list gives a list, not a torch.optim"),
    ],
)
def test_a_user_defined_part_that_does_not_do_is_reported(override, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, *LINE, override)


def test_a_user_defined_task_without_a_loss_is_reported(tmp_path):
    with pytest.raises(RunError, match="the task's evaluate gave accuracy; it must give loss"):
        run(tmp_path, *LINE, "task._target_=helpers.user_defined.AccuracyOnly")
    assert result(tmp_path)["error"] == "the task's evaluate gave accuracy; it must give loss"


# --- optimizers ---

NO_CLIPPING = "train.grad_clip_norm=null"  # a clipped gradient hides the curvature that LBFGS reads from it
DENSE = ("ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSprop", "Rprop",
         "SGD", "LBFGS")  # fmt: skip


@pytest.mark.parametrize("name", DENSE)
def test_any_torch_optimizer_trains_and_goes_on_exactly(name, tmp_path, monkeypatch):
    overrides = (
        "task._target_=helpers.user_defined.SameBatch",
        *LINE[1:],
        f"optimizer._target_=torch.optim.{name}",
        NO_CLIPPING,
    )
    undisturbed, stopped = tmp_path / "undisturbed", tmp_path / "stopped"
    run(undisturbed, *overrides)
    assert all(np.isfinite(row["lr"]) for row in rows(undisturbed))
    run_and_stop(monkeypatch, 10, stopped, *overrides)
    assert result(stopped)["steps"] == 10
    run(stopped, *overrides)
    assert differences(undisturbed, stopped) == []


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["optimizer=sgd", "optimizer.momentum=0", "optimizer.nesterov=true"],
            "Nesterov momentum needs a momentum",
        ),
        (["optimizer._target_=torch.optim.Adam", "optimizer.betas=[0.9,2.0]"], "Adam refuses its arguments: Invalid b"),
        pytest.param(
            ["optimizer._target_=torch.optim.Muon"],
            "Muon refuses its arguments: .*2D",
            marks=pytest.mark.skipif(not hasattr(torch.optim, "Muon"), reason="this torch has no Muon"),
        ),
    ],
)
def test_arguments_that_an_optimizer_refuses_are_reported(overrides, message, tmp_path):
    with pytest.raises(ConfigError, match=message):
        run(tmp_path, *DIGITS, *overrides)


def test_an_optimizer_that_cannot_use_the_gradients_is_reported(tmp_path):
    with pytest.raises(RunError, match=r"SparseAdam cannot do its step on this task's gradients: .*dense"):
        run(tmp_path, *DIGITS, "optimizer._target_=torch.optim.SparseAdam")


def test_settings_that_an_optimizer_does_not_take_are_reported():
    with pytest.raises(ConfigError, match=r"optimizer\.momentun: torch\.optim\.Adam does not take this"):
        settings(*LINE, "optimizer._target_=torch.optim.Adam", "+optimizer.momentun=0.9")


def test_another_packaged_default_needs_one_change(tmp_path, monkeypatch):
    changed = tmp_path / "conf"
    shutil.copytree(APP_DIR, changed)
    file = changed / "task" / "charlm.yaml"
    file.write_text(file.read_text().replace("layers: 2", "layers: 3"))
    monkeypatch.setattr("d9d_lr.composing.targets.APP_DIR", changed)
    found = compose_checked(changed, "config", ["task._target_=helpers.user_defined.LineTask"], resolve_settings)
    assert found.task.replaced["layers"] == 3
    assert compose_checked(changed, "config", [], resolve_settings).task.layers == 3

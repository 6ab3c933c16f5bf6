"""Runs of other trainers from CSV files, and what is wrong with them."""

import numpy as np
import pytest

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.predicting.columns import Wanted
from d9d_lr.predicting.sources import read_sources
from helpers.loss_curves import made, write_csv

PLAIN = "step,lr,loss\n0,0,4.0\n10,0.01,3.0\n20,0.01,2.5\n30,0,2.0\n"


def read(*named, **wanted):
    return read_sources([str(name) for name in named], Wanted(**wanted)).curves


def written(path, text):
    path.write_text(text)
    return path


def test_a_plain_file(tmp_path):
    (curve,) = read(written(tmp_path / "run.csv", PLAIN))
    assert curve.name == "run"
    assert curve.steps.tolist() == [0, 10, 20, 30]
    assert curve.losses.tolist() == [4.0, 3.0, 2.5, 2.0]
    # Straight lines between logged steps: half way up at step 5, half way down at step 25; 10 steps behind the last.
    assert curve.learning_rates[[0, 5, 10, 15, 25, 30, 39]] == pytest.approx([0, 0.005, 0.01, 0.01, 0.005, 0, 0])
    assert curve.total_steps == 40
    assert curve.final_validation is None


def test_a_file_that_begins_after_its_warmup(tmp_path):
    (curve,) = read(written(tmp_path / "run.csv", "step,lr,loss\n100,0.01,4\n200,0.01,3\n"))
    # Up from zero in step 0.
    assert curve.learning_rates[[0, 50, 100, 150]] == pytest.approx([0, 0.005, 0.01, 0.01])
    assert curve.warmup_steps == 100
    assert curve.total_steps == 201


def test_the_history_of_weights_and_biases(tmp_path):
    text = (
        "_step,_runtime,train/loss,train/lr,eval/loss\n0,1.5,4.0,0.001,\n1,2.5,,,3.5\n2,3.5,3.0,0.002,\n3,4.5,,,3.25\n"
    )
    (curve,) = read(written(tmp_path / "history.csv", text))
    assert curve.steps.tolist() == [0, 2]
    assert curve.learning_rates == pytest.approx([0.001, 0.0015, 0.002, 0.002])
    assert curve.final_validation == 3.25


def test_two_charts_of_weights_and_biases(tmp_path):
    loss = '"Step","run-1 - train/loss","run-1 - train/loss__MIN","run-1 - train/loss__MAX"\n'
    rate = '"Step","run-1 - schedule","run-1 - schedule__MIN","run-1 - schedule__MAX"\n'
    written(tmp_path / "loss.csv", loss + "0,4,4,4\n5,3,3,3\n")
    written(tmp_path / "lr.csv", rate + "0,0,0,0\n5,0.5,0.5,0.5\n")
    (curve,) = read(f"{tmp_path}/loss.csv+{tmp_path}/lr.csv")
    assert curve.losses.tolist() == [4.0, 3.0]
    assert curve.learning_rates == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, *[0.5] * 5])


def test_two_exports_of_tensorboard(tmp_path):
    written(tmp_path / "loss.csv", "Wall time,Step,Value\n1e9,0,4\n1e9,2,3\n")
    written(tmp_path / "lr.csv", "Wall time,Step,Value\n1e9,0,0\n1e9,2,0.5\n")
    (curve,) = read(f"{tmp_path}/loss.csv+{tmp_path}/lr.csv")
    assert curve.steps.tolist() == [0, 2]
    assert curve.learning_rates == pytest.approx([0, 0.25, 0.5, 0.5])
    with pytest.raises(ConfigError, match=r"no column holds the lr and loss.*\n.*LOSS\.csv\+LR\.csv"):
        read(tmp_path / "loss.csv")


def test_named_columns(tmp_path):
    path = written(tmp_path / "run.csv", "step,eta,ce,loss,train_loss\n0,0.1,4,1,2\n1,0.1,3,1,2\n")
    (curve,) = read(path, loss="ce", lr="eta")
    assert curve.losses.tolist() == [4.0, 3.0]
    with pytest.raises(ConfigError, match=r"there is no column 'cee'.*\n.*did you mean 'ce'"):
        read(path, loss="cee", lr="eta")
    with pytest.raises(ConfigError, match="2 columns may be the loss: 'loss', 'train_loss'"):
        read(path, lr="eta")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("step,lr,loss\n", r"there are headings \(step, lr, loss\) and no numbers below them"),
        ("step,loss\n0,1\n", "no column holds the lr; there are step, loss"),
        ("lr,loss\n0,1\n", "no column holds the step"),
        ("step,lr,loss\n0,0.1,4\n10,0.1,nan\n", "line 3: loss is 'nan'; it must be a finite number above 0"),
        ("step,lr,loss\n0,0.1,nan\n", "a run that diverged cannot be fitted"),
        ("step,lr,loss\n0,0.1,0\n", "line 2: loss is '0'; it must be a finite number above 0"),
        ("step,lr,loss\n0,-0.1,4\n", "line 2: lr is '-0.1'; it must be a finite number, 0 or more"),
        ("step,lr,loss\n0,fast,4\n", "line 2: lr is 'fast'"),
        ("step,lr,loss\n0,0.1,4\n10,0.1,3\n5,0.1,3\n", "line 4: step 5 comes after step 10"),
        ("step,lr,loss\n0,0.1,4\n0,0.1,3\n", "line 3: step 0 comes after step 0"),
        ("step,lr,loss\n0.5,0.1,4\n", "line 2: step is '0.5'; it must be a whole number"),
        ("step,lr,loss\n-1,0.1,4\n", "line 2: step is '-1'"),
        ("step,lr,loss\n99999999999,0.1,4\n", "line 2: step is '99999999999'"),
        ("step,lr,loss\n0,0,4\n10,0,3\n", "the learning rate is 0 throughout"),
        ("step,lr,loss\n0,0.1,\n10,0.1,\n", "no line holds a loss"),
    ],
)
def test_files_that_cannot_be_used(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message):
        read(written(tmp_path / "run.csv", text))


def test_no_text_no_file_and_no_run(tmp_path):
    (tmp_path / "run.csv").write_bytes(b"\xff\xfe\x00step")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigError) as caught:
        read(tmp_path / "run.csv", tmp_path / "other.csv", tmp_path / "empty")
    messages = [problem.message for problem in caught.value.problems]
    assert messages[0].startswith("this is no CSV file")
    assert messages[1:] == ["there is no such file or folder", "there is no run in this folder"]


def test_what_is_written_is_read(tmp_path):
    curve = made("wsd", noise=0.01)
    (found,) = read(write_csv(tmp_path / "wsd.csv", curve))
    np.testing.assert_allclose(found.learning_rates, curve.learning_rates, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found.losses, curve.losses, rtol=1e-9)

"""How long a run is: in steps, examples or tokens; and a run that ends before its schedule does."""

import re

import pytest

from d9d_lr.config.build import build_schedule
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.reporting.run_views import read_runs
from d9d_lr.reporting.saved_values import exact_lr
from d9d_lr.runs.results import read_result
from d9d_lr.training.fingerprint import settings_fingerprint
from helpers.kills import differences
from helpers.small_runs import CHARLM, DIGITS, command_here, digest, result, rows, run, settings

NO_STEPS = "train.total_steps=null"

# 8 examples of 8 characters a step
LENGTHS = [
    ("train.total_tokens=1280", 20),
    ("train.total_tokens=1343", 20),  # 20.98 steps: the last is not wholly inside
    ("train.total_tokens=1.344K", 21),
    ("train.total_samples=160", 20),
    ("train.total_samples=167", 20),
]


@pytest.mark.parametrize(("length", "steps"), LENGTHS)
def test_an_amount_stands_in_for_the_steps(length, steps):
    found = settings(*CHARLM, NO_STEPS, length)
    assert found.train.total_steps == steps
    assert settings_fingerprint(found) == settings_fingerprint(settings(*CHARLM, f"train.total_steps={steps}"))


def test_tokens_are_counted_as_the_schedule_counts_them():
    assert settings(*CHARLM, NO_STEPS, "train.total_tokens=1280", "lr.tokens_per_step=128").train.total_steps == 10
    assert settings(*DIGITS, NO_STEPS, "train.total_tokens=1280", "lr.tokens_per_step=64").train.total_steps == 20


REFUSED = [
    (
        ("train.total_tokens=2M",),
        "train.total_steps: 20 stands beside train.total_tokens, 2M, and only one of them may\n"
        "    type train.total_steps=null",
    ),
    (
        (NO_STEPS, "train.total_samples=160", "train.total_tokens=2M"),
        "train.total_samples: 160 stands beside train.total_tokens, 2M, and only one of them may\n"
        "    type train.total_samples=null",
    ),
    ((NO_STEPS,), "train.total_steps: null is not allowed; it must be a whole number"),
    ((NO_STEPS, "train.total_tokens=63"), "train.total_tokens: 63 is less than a step, which is 64"),
    (
        (NO_STEPS, "train.total_tokens=2X"),
        "train.total_tokens: '2X' is not allowed; it must be a finite number above 0",
    ),
    ((NO_STEPS, "train.total_samples=0"), "train.total_samples: 0 is not allowed"),
    (("train.stop_after=21",), "train.stop_after: 21 is more than the run has, train.total_steps is 20; to do all of "),
    (("train.stop_after=0",), "train.stop_after: 0 is not allowed; it must be a whole number"),
]


@pytest.mark.parametrize(
    ("typed", "message"), REFUSED, ids=lambda value: " ".join(value) if type(value) is tuple else ""
)
def test_what_is_no_length_is_refused(typed, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        settings(*CHARLM, *typed)


def test_a_task_without_tokens_says_so():
    message = "lr.tokens_per_step: is missing; train.total_tokens needs it\n    type lr.tokens_per_step=NUMBER"
    with pytest.raises(ConfigError, match=re.escape(message)):
        settings(*DIGITS, NO_STEPS, "train.total_tokens=2M")


RAMP = (
    "+lr@schedules.batch_size=batch_size/megatron_rampup",
    "schedules.batch_size.phases.0.samples=40",
    "schedules.batch_size.phases.0.target_value=4",
    "schedules.batch_size.phases.1.target_value=8",
)


def test_a_batch_that_grows_takes_as_many_steps_as_the_amount_needs():
    # 40 samples in 10 steps of 4; the other 120 in 15 of 8
    assert settings(*CHARLM, *RAMP, NO_STEPS, "train.total_samples=160").train.total_steps == 25
    # 1280 tokens of 8 are 160 samples too, and 7 more tokens no step more
    assert settings(*CHARLM, *RAMP, NO_STEPS, "train.total_tokens=1287").train.total_steps == 25


def test_a_batch_that_grows_with_the_run_does_not_say_how_long_it_is():
    typed = ("schedules.batch_size.phases.0.samples=null", "+schedules.batch_size.phases.0.fraction=0.5")
    message = (
        "schedules.batch_size: depends on the length of the run, which is to follow from it\n"
        "    give that as train.total_steps"
    )
    with pytest.raises(ConfigError, match=message):
        settings(*CHARLM, *RAMP, *typed, NO_STEPS, "train.total_samples=160")


# --- epochs ---

WARMUP = ("lr/warmup@lr.phases.0=linear_amount", "lr.phases.0.fraction=null")


def ends(*typed):
    found = settings(*typed)
    return [phase.end_step for phase in build_schedule(found.lr, found.train.total_steps).phases]


def without_steps(overrides):
    return tuple(one for one in overrides if not one.startswith(("lr.phases.0.steps", "train.total_steps")))


def test_an_epoch_is_every_training_example_once(tmp_path):
    # 1797 images, round(359.4) = 359 of them for validation: 1438 are 179.75 steps of 8
    typed = (*without_steps(DIGITS), *WARMUP, "train.total_steps=500", "lr.phases.0.epochs=2")
    assert ends(*typed) == [359, 400, 500]
    assert ends(*typed, "lr.steps_per_epoch=10") == [20, 400, 500]
    (tmp_path / "text").write_text("abcdefghij" * 100)
    # 1000 characters, 900 for training: 112 windows of 8, 14 steps of 8
    typed = (*without_steps(CHARLM), *WARMUP, "train.total_steps=500", "lr.phases.0.epochs=1.5")
    assert ends(*typed, f"task.text_file={tmp_path / 'text'}") == [21, 400, 500]


def test_a_task_of_ones_own_has_to_say_how_long_an_epoch_is():
    typed = (*without_steps(DIGITS), *WARMUP, "train.total_steps=500", "lr.phases.0.epochs=2")
    with pytest.raises(ConfigError, match=r"lr\.steps_per_epoch: is missing; phases\.0 needs it"):
        settings(*typed, "task._target_=helpers.user_defined.LineTask")


# --- a run that ends before its schedule ---


def test_a_run_stops_on_a_longer_schedule_and_goes_on_to_its_end(tmp_path):
    run(tmp_path / "whole", *DIGITS)
    run(tmp_path / "part", *DIGITS, "train.stop_after=12")
    whole, part = rows(tmp_path / "whole"), rows(tmp_path / "part")
    assert part[:-1] == whole[:12]
    assert part[-1]["lr"] == whole[12]["lr"]
    assert "train_loss" not in part[-1]
    ended = result(tmp_path / "part")
    assert (ended["status"], ended["steps"], ended["total_steps"], ended["stop_after"]) == ("completed", 12, 20, 12)
    assert ended["objective"] == part[-1]["val_loss"]
    run(tmp_path / "part", *DIGITS, "train.stop_after=15")
    assert result(tmp_path / "part")["steps"] == 15
    run(tmp_path / "part", *DIGITS)
    assert differences(tmp_path / "whole", tmp_path / "part") == []
    assert (read_result(tmp_path / "part").steps, read_result(tmp_path / "part").last_step) == (20, 20)


def test_a_run_is_not_stopped_where_it_has_been_before(tmp_path):
    run(tmp_path, *DIGITS, "train.stop_after=12")
    before = digest(tmp_path)
    with pytest.raises(ConfigError, match=r"train\.stop_after: 10 is below 12, the step of the checkpoint"):
        run(tmp_path, *DIGITS, "train.stop_after=10")
    assert digest(tmp_path) == before


def test_what_is_trained_for_fewer_steps_is_another_run():
    stopped = settings_fingerprint(settings(*DIGITS, "train.stop_after=12"))
    assert stopped != settings_fingerprint(settings(*DIGITS))


def test_a_report_draws_what_was_done_of_the_schedule(tmp_path):
    run(tmp_path, *DIGITS, "train.stop_after=12")
    (view,) = read_runs([tmp_path])
    assert (view.steps, view.last_step, view.total_steps) == (12, 12, 20)
    steps, values = exact_lr(view)
    assert steps[-1] == 12
    # the default holds its peak of 0.003 from step 4 to 16
    assert values[-1] == pytest.approx(0.003, rel=1e-12)


def test_the_screen_says_that_it_was_stopped(tmp_path, capsys):
    status, shown, _ = command_here(capsys, *DIGITS, "train.stop_after=6", f"hydra.run.dir={tmp_path}")
    assert status == 0
    assert "6 of 20 steps (train.stop_after) in" in shown

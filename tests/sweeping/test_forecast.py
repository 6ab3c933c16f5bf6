"""`sweep.predict` and `sweep.predict_top`: what a law says of the points, and which of them it lets run."""

import csv
import shlex
from pathlib import Path

import numpy as np
import pytest
from sweep_files import rows

from d9d_lr import RunPreview, compose_lr
from d9d_lr.comparing.folding import Outcome, settings_of
from d9d_lr.comparing.predicted import against_real, predicted_settings, rank_correlation
from d9d_lr.config.build import build_schedule
from d9d_lr.laws.fit import fit
from d9d_lr.laws.fixed_rules import FIXED_RULES
from d9d_lr.laws.law_file import write_law
from d9d_lr.predict import predict
from d9d_lr.runs.record import RecordedPoint, RecordedPrediction, add_points, read_record
from d9d_lr.sweeping.baselines import baseline_words
from d9d_lr.sweeping.tables import show_outcome
from helpers.loss_curves import PEAK, made
from helpers.run_folders import write_run

# Three holds and two seeds of what the law was fitted at: 1 000 steps, a warmup of 50, a peak of 0.01.
WORDS = (
    "lr=wsd", "lr/decay@lr.phases.2=linear_to_zero", "lr.phases.0.steps=50", "lr.phases.1.percentage=0.2,0.5,0.8",
    "train.total_steps=1000", f"optimizer.lr={PEAK}",
)  # fmt: skip
HELD = "lr.phases.1.percentage"


@pytest.fixture
def law(in_tmp):
    """law.json, fitted on two runs in which decaying late is best."""
    found = fit([made("wsd"), made("cosine")])
    write_law(in_tmp / "law.json", found)
    return found


def told(out):
    """The rows of the preview: hold to the cells `predicted` and `order`."""
    lines = [line.split() for line in out.splitlines() if "lr.phases.1.percentage=" in line and "new" in line]
    return {line[1]: line for line in lines}


@pytest.mark.parametrize("warmup_steps", [0, 50])
def test_what_is_typed_for_the_fixed_rules(warmup_steps):
    words = baseline_words(warmup_steps)
    assert words.keys() == FIXED_RULES.keys()
    for name, rule in FIXED_RULES.items():
        schedule = build_schedule(compose_lr(words[name], total_steps=1000), 1000)
        np.testing.assert_allclose(schedule.multipliers(np.arange(1000)), rule(1000, warmup_steps), atol=1e-12)


def test_the_preview_shows_what_the_law_says(law, sweep):
    done = sweep(*WORDS, "sweep.predict=law.json", "sweep.dry_run=true")
    assert done.status == 0, done.err
    shown = told(done.out)
    predict(["rank", "law.json", *WORDS, "-o", "rank.csv"])
    for row in csv.DictReader(Path("rank.csv").read_text().splitlines()):
        if "percentage" in row["schedule"]:
            cells = shown[row["schedule"].partition("=")[2]]
            assert float(cells[cells.index("±") - 1]) == pytest.approx(float(row["predicted"]), abs=0.006)
    order = {hold: cells[cells.index("±") + 2] for hold, cells in shown.items()}
    assert order == {"0.8": "1", "0.5": "2", "0.2": "3"}
    assert not Path("s").exists()


def test_only_the_first_and_the_fixed_rules_run(law, sweep):
    done = sweep(*WORDS, "train.seed=0,1", "sweep.predict=law.json", "sweep.predict_top=2")
    assert done.status == 0, done.err
    # Of three schedules the first two, two seeds each. The first is WSD 20 %; linear and cosine are added.
    assert "4 of 6 points run: the 2 schedules that the law puts first, and fixed rules\n" in done.out
    assert "4 points are added, of fixed rules that are not among them" in done.out
    ran = {(row[HELD], row["lr"], row["train.seed"]) for row in rows("s")}
    assert ran == {(hold, lr, seed) for seed in "01" for hold, lr in (
        ("0.8", "wsd"), ("0.5", "wsd"), ("", "warmup_linear"), ("", "warmup_cosine")
    )}  # fmt: skip
    left = done.out.partition("left out:")[2].partition("points in")[0]
    # The third, with two points.
    assert [(line.split()[0], line.split()[-1]) for line in left.splitlines() if " 0.2 " in line] == [("3", "2")]
    record = read_record(Path("s"))
    assert [point.changed[HELD] for point in record.left_out] == ["0.2", "0.2"]
    assert all(point.predicted.low < point.predicted.loss < point.predicted.high for point in record.left_out)
    assert not any("0.2" in path.name for path in Path("s").iterdir())
    below = Path("s/sweep.md").read_text().partition("## Left out by prediction")[2]
    assert below.count("`python -m d9d_lr.train ") == 2
    # The same again runs nothing twice, and the whole sweep runs what was left out.
    sweep(*WORDS, "train.seed=0,1", "sweep.predict=law.json", "sweep.predict_top=2")
    assert {path.read_text() for path in Path("s").glob("*/times_run")} == {"x"}
    sweep(*WORDS, "train.seed=0,1")
    assert read_record(Path("s")).left_out == ()
    assert len(rows("s")) == 10
    assert "## Left out" not in Path("s/sweep.md").read_text()


def test_predictions_stand_in_the_summary_and_stay(law, sweep):
    sweep(*WORDS, "sweep.predict=law.json")
    for _ in range(2):
        for row in rows("s"):
            assert float(row["predicted_low"]) < float(row["predicted"]) < float(row["predicted_high"])
        assert "| predicted | val_loss |" in Path("s/sweep.md").read_text()
        done = sweep(*WORDS, "train.seed=0")  # another start, without a law
    assert "predicted against real: the interval held for 0 of 3 runs" in done.out  # the stub's objective is 0.01


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["sweep.predict_top=2"], "predict_top=2 needs a law to choose by, as in predict=law.json"),
        (["sweep.predict=no.json"], "sweep.predict: no.json: there is no such file"),
        (["sweep.predict=other.json"], "sweep.predict: other.json: a law of another kind"),
        (["sweep.predict=law.json", "sweep.predict_top=0"], "sweep.predict_top: 0 is not allowed"),
        (
            ["sweep.predict=law.json", "sweep.predict_top=1", f"optimizer.lr={PEAK},0.02"],
            "the law cannot choose: no prediction for 3 of 6 points: the peak would be 0.02, and the law was fitted",
        ),
        (
            ["sweep.predict=law.json", "sweep.predict_top=1", "lr._target_=stub_app.make_provider"],
            "nobody can say their learning rates before they run",
        ),
    ],
)
def test_what_cannot_be_predicted(law, sweep, words, message):
    Path("other.json").write_text('{"kind": "other", "version": 1}')
    done = sweep(*WORDS, *words)
    assert done.status == 2
    assert message in done.err
    assert not Path("s").exists()


def test_a_law_that_does_not_know_does_not_choose(law, sweep, in_tmp):
    text = (in_tmp / "law.json").read_text()
    narrow, _, wide = text.partition('"wide"')
    (in_tmp / "torn.json").write_text(narrow + '"wide"' + wide.replace(str(law.wide.cost), str(3 * law.wide.cost)))
    done = sweep(*WORDS, "sweep.predict=torn.json", "sweep.predict_top=1")
    assert done.status == 2
    assert (
        "sweep.predict_top: the law does not rank the schedules of 1000 steps: the law's two fits disagree" in done.err
    )
    assert "predict without predict_top shows what it says and runs everything" in done.err
    assert not Path("s").exists()
    done = sweep(*WORDS, "sweep.predict=torn.json", "sweep.dry_run=true")
    assert done.status == 0, done.err
    assert "no order of the schedules of 1000 steps" in done.out
    assert {cells[cells.index("±") + 2] for cells in told(done.out).values()} == {
        f"{HELD}={hold}" for hold in ("0.2", "0.5", "0.8")
    }  # the folder: no order stands before it


def test_an_application_of_ones_own_says_its_rates(law, foreign, monkeypatch):
    def check(config):
        return RunPreview(total_steps=1000, rates=lambda: PEAK * FIXED_RULES["WSD 20 %"](1000, 50))

    monkeypatch.setattr("d9d_lr.foreign_check", check, raising=False)
    asked = ("hydra.sweeper.check=d9d_lr.foreign_check", "hydra.sweeper.predict=law.json")
    done = foreign(*asked, "rate=0.1,0.2", "hydra.sweeper.dry_run=true")
    assert done.status == 0, done.err
    assert done.out.count("±") == 2
    done = foreign(*asked, "rate=0.1,0.2", "hydra.sweeper.predict_top=1", "hydra.sweeper.dry_run=true")
    assert "linear to zero cannot be written in this sweep" in done.out


def test_how_good_predictions_were():
    # Means 1, 2 and 3 where 1.1, 2 and 2.4 were told, each with an interval of ±0.2: the third lies outside.
    told = {"a": (1.1, 1.0), "b": (2.0, 2.0), "c": (2.4, 3.0)}
    outcomes = [
        Outcome(
            {"lr": name}, "completed", real, predicted=RecordedPrediction(loss=loss, low=loss - 0.2, high=loss + 0.2)
        )
        for name, (loss, real) in told.items()
    ]
    found = predicted_settings(settings_of(outcomes))
    assert [one.inside for one in found] == [1, 1, 0]
    assert rank_correlation(found) == pytest.approx(1.0)
    # (10 % + 0 % - 20 %) / 3
    assert against_real(settings_of(outcomes)) == (
        "predicted against real: the interval held for 2 of 3 runs; predictions -3.33% off on average; the lowest "
        "prediction of 3 settings, lr=a, came out the best (rank correlation 1.00)"
    )
    assert against_real(settings_of([Outcome({"lr": "a"}, "completed", 1.0)])) == ""


def test_ties_share_their_rank():
    # Predictions 1, 1, 2 have the ranks .5, .5, 2; outcomes 1, 2, 3 have 0, 1, 2: correlation sqrt(3) / 2.
    outcomes = [
        Outcome({"lr": name}, "completed", real, predicted=RecordedPrediction(loss=loss, low=0, high=1))
        for name, loss, real in (("a", 1.0, 1.0), ("b", 1.0, 2.0), ("c", 2.0, 3.0))
    ]
    assert rank_correlation(predicted_settings(settings_of(outcomes))) == pytest.approx(3**0.5 / 2)


def swept(folder, *schedules, log_every=1):
    """A sweep of these schedules, without training."""
    points = []
    for number, (overrides, steps) in enumerate(schedules):
        name = f"point {number}"
        write_run(folder / name, overrides, steps=steps, log_every=log_every, seed=number)
        points.append(RecordedPoint(folder=name, changed=dict(word.split("=") for word in overrides)))
    add_points(folder, points)
    return folder


CONTRASTED = (
    (["lr=wsd", "lr/decay@lr.phases.2=linear_to_zero"], 400),
    (["lr=warmup_cosine", "lr/decay@lr.phases.1=cosine_to_zero"], 400),
)


def typed(line):
    """What stands behind `python -m d9d_lr.predict` in a line."""
    return shlex.split(line.partition("d9d_lr.predict ")[2])


def test_how_to_fit_on_a_sweep_is_said_and_works(in_tmp, capsys):
    show_outcome(swept(in_tmp / "s", *CONTRASTED))
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("fit a law on it")]
    assert line.endswith("python -m d9d_lr.predict fit s -o s/law.json")
    predict(typed(line))
    assert "wrote s/law.json" in capsys.readouterr().out


def test_two_runs_are_named_where_not_all_can_be_fitted(in_tmp, capsys):
    longer = [(overrides, 600) for overrides, _ in CONTRASTED[:1]]
    show_outcome(swept(in_tmp / "s", *CONTRASTED, *longer))
    line = capsys.readouterr().out.splitlines()[-1]
    assert typed(line) == ["fit", "s/point 0", "s/point 1", "-o", "s/law.json"]
    predict(typed(line))


@pytest.mark.parametrize(
    "schedules", [CONTRASTED[:1], CONTRASTED[:1] * 2, CONTRASTED[1:] * 2, (CONTRASTED[0], (["lr=wsd"], 600))]
)
def test_nothing_is_said_where_no_law_can_be_fitted(in_tmp, capsys, schedules):
    show_outcome(swept(in_tmp / "s", *schedules))
    assert "fit a law" not in capsys.readouterr().out


def test_nothing_is_said_where_too_few_losses_were_logged(in_tmp, capsys):
    show_outcome(swept(in_tmp / "s", *CONTRASTED, log_every=40))
    assert "fit a law" not in capsys.readouterr().out

"""What a report shows of predictions: their outcome in a sentence, a column, a drawing in the page and a picture."""

import re

import pytest

from d9d_lr.comparing.folding import Outcome, settings_of
from d9d_lr.comparing.predicted import predicted_settings
from d9d_lr.report import report
from d9d_lr.reporting.predicted_chart import Frame, predicted_chart
from d9d_lr.runs.record import RecordedPoint, RecordedPrediction, add_points
from helpers.run_folders import write_grid


def told(loss, half):
    return RecordedPrediction(loss=loss, low=loss - half, high=loss + half, law="law.json")


@pytest.fixture
def swept(in_tmp):
    """Three runs, two of them inside the interval that was predicted, a tenth above what came out."""
    finals = write_grid(in_tmp / "s", {"lr.phases.0.steps": [10, 20, 40]})
    halves = (0.2, 0.2, 0.05)
    add_points(
        in_tmp / "s",
        [
            RecordedPoint(folder=str(number), changed=dict([typed[0].split("=")]), predicted=told(final + 0.1, half))
            for number, ((typed, final), half) in enumerate(zip(finals.items(), halves, strict=True))
        ],
    )
    return in_tmp / "s"


def test_a_report_shows_predicted_against_real(swept, capsys):
    report([str(swept)])
    said = "predicted against real: the interval held for 2 of 3 runs"
    assert said in capsys.readouterr().out
    page = (swept / "report.html").read_text()
    assert said in page
    assert page.count("inside</title>") == 3
    assert len(re.findall(r'<g stroke="var\(--bad\)"', page)) == 1
    assert ">predicted</button></th>" in page
    pytest.importorskip("matplotlib")
    from PIL import Image

    with Image.open(swept / "report_predicted.png") as image:
        image.verify()


def test_without_predictions_nothing_is_said_of_them(in_tmp, capsys):
    write_grid(in_tmp / "s", {"lr.phases.0.steps": [10, 20]})
    report([str(in_tmp / "s")])
    assert "predicted" not in capsys.readouterr().out
    assert "redicted" not in (in_tmp / "s" / "report.html").read_text()
    assert not (in_tmp / "s" / "report_predicted.png").exists()


def test_where_things_are_drawn():
    # Outcomes 1 and 2, intervals from 0 to 4: margins of 6 % make the axes .94 to 2.06 and -.24 to 4.24.
    outcomes = [
        Outcome({"lr": name}, "completed", real, predicted=told(loss, 1.0))
        for name, real, loss in (("a", 1.0, 1.0), ("b", 2.0, 3.0))
    ]
    found = predicted_settings(settings_of(outcomes))
    frame = Frame.of(found)
    assert frame.real == pytest.approx((0.94, 2.06))
    assert frame.predicted == pytest.approx((-0.24, 4.24))
    assert frame.equal == frame.real
    assert frame.across(0.94) < frame.across(1.0) < frame.across(2.0)
    assert frame.up(4.0) < frame.up(0.0)  # down is larger in a drawing
    assert [one.inside for one in found] == [1, 1]  # 2 is the very end of [2, 4]
    assert predicted_chart([]) == ""


def test_names_are_no_markup():
    outcomes = [Outcome({"lr": name}, "completed", 1.0, predicted=told(1.0, 1.0)) for name in ("a<b", "c")]
    assert "lr=a&lt;b: predicted" in predicted_chart(predicted_settings(settings_of(outcomes)))

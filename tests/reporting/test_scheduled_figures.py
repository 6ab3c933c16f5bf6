"""What is scheduled beside the learning rate, in the report: a figure and a PNG file for each."""

import json

import pytest
from PIL import Image

from d9d_lr import build_schedule, compose_lr, report
from d9d_lr.config.in_steps import in_steps
from helpers.run_folders import write_run


def written(folder, target, **more):
    """A run with a weight decay that goes from 0.1 to a multiple of it."""
    write_run(folder, ["lr=wsd", f"schedules.weight_decay.phases.0.target_multiplier={target}"], **more)
    config = compose_lr(["lr=linear_to_zero", f"lr.phases.0.target_multiplier={target}"])
    plain = in_steps(build_schedule(config, 100), 100).model_dump(mode="json")
    (folder / "schedules.json").write_text(json.dumps({"weight_decay": {"base_value": 0.1, "schedule": plain}}))


def data_of(page):
    text = page.read_text()
    start = text.index('<script type="application/json" id="data">') + len('<script type="application/json" id="data">')
    return json.loads(text[start : text.index("</script>", start)])


def test_each_has_a_figure_and_a_file(tmp_path):
    pytest.importorskip("matplotlib")
    for target in ("0.0", "0.5"):
        written(tmp_path / target, target)
    report.report([str(tmp_path)])
    page = tmp_path / "report.html"
    assert '<figure id="scheduled-0"><figcaption><span>Schedules: weight_decay by step' in page.read_text()
    data = data_of(page)
    assert data["scheduled"] == ["weight_decay"]
    ends = sorted(one["others"]["weight_decay"][1][-1] for one in data["settings"])
    assert ends == [0.0, 0.05]
    with Image.open(tmp_path / "report_schedules_weight_decay.png") as image:
        image.verify()


@pytest.mark.parametrize("damage", ["", "[]", '{"weight_decay": 3}', '{"<b>": {"base_value": 1, "schedule": {}}}'])
def test_a_damaged_file_spoils_nothing_else(tmp_path, damage):
    written(tmp_path / "run", "0.5")
    (tmp_path / "run" / "schedules.json").write_text(damage)
    report.report([str(tmp_path)])
    assert data_of(tmp_path / "report.html")["scheduled"] == []


def test_a_name_is_no_tag(tmp_path):
    written(tmp_path / "run", "0.5")
    file = tmp_path / "run" / "schedules.json"
    file.write_text(file.read_text().replace("weight_decay", "<script>x"))
    report.report([str(tmp_path)])
    assert "&lt;script&gt;x by step" in (tmp_path / "report.html").read_text()
    assert "<script>x" not in (tmp_path / "report.html").read_text()


def test_runs_that_schedule_nothing_more_have_no_figure(tmp_path):
    write_run(tmp_path / "run", ["lr=wsd"])
    report.report([str(tmp_path)])
    assert "scheduled-0" not in (tmp_path / "report.html").read_text()

"""How far a sweep is, while it runs."""

import time

import pytest

from d9d_lr.sweeping import progress, watch
from helpers.run_folders import write_run


@pytest.mark.parametrize(
    ("done", "seconds", "said"),
    [
        (1, 10.0, "1 of 4 points, about 30 s left"),  # 10 s each, 3 left
        (2, 600.0, "2 of 4 points, about 10 min left"),
        (1, 7200.0, "1 of 4 points, about 6.0 h left"),
    ],
)
def test_the_time_left_is_what_the_rest_takes_at_this_pace(done, seconds, said, tmp_path):
    write_run(tmp_path / "0", ["lr=wsd"], status="unfinished", reach=20)
    assert progress.progress_line(tmp_path, done, 4, seconds) == said


def test_the_best_setting_so_far_is_named(tmp_path):
    for index, steps in enumerate((10, 10, 40)):
        write_run(tmp_path / str(index), [f"lr.phases.0.steps={steps}", f"train.seed={index % 2}"])
    line = progress.progress_line(tmp_path, 3, 4, 30.0)
    assert line.startswith("3 of 4 points, about 10 s left; best so far: 0.steps=")


def test_a_line_is_written_when_points_end(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(watch, "_POLL_SECONDS", 0.01)
    monkeypatch.setattr(progress, "_SILENT_SECONDS", 0.0)
    write_run(tmp_path / "0", ["train.seed=0"])  # of an earlier start: it does not count until it ends again
    with progress.reported_progress(tmp_path, ["0", "1", "2"]):
        write_run(tmp_path / "1", ["train.seed=1"])
        end, said = time.monotonic() + 20, ""
        while "1 of 3 points" not in said and time.monotonic() < end:
            time.sleep(0.02)
            said += capsys.readouterr().err
    assert "1 of 3 points" in said

"""Runs of `d9d_lr.train` and of TensorBoard from their folders."""

import json

import pytest

from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.predicting.columns import Wanted
from d9d_lr.predicting.sources import read_sources
from helpers.run_folders import BASE_LR, write_run


def read(*folders):
    return read_sources([str(folder) for folder in folders], Wanted())


def test_a_run_folder(tmp_path):
    final = write_run(tmp_path / "run", ["lr=wsd"], steps=100, log_every=10)
    (curve,) = read(tmp_path / "run").curves
    assert curve.name == "run"
    assert curve.steps.tolist() == list(range(0, 100, 10))
    assert curve.final_validation == pytest.approx(final)
    # Every step from the saved schedule, though every tenth was logged: a warmup of 10 steps, held until step 80.
    assert curve.total_steps == 100
    assert curve.learning_rates[[0, 3, 10, 79]] == pytest.approx([0, 0.3 * BASE_LR, BASE_LR, BASE_LR])


def test_a_schedule_that_was_not_followed(tmp_path):
    write_run(tmp_path / "run", ["lr=wsd"], steps=100, log_every=10)
    path = tmp_path / "run" / "metrics.jsonl"
    path.write_text(path.read_text().replace(f'"lr": {BASE_LR}', '"lr": 0.001'))
    (curve,) = read(tmp_path / "run").curves
    assert curve.learning_rates[[10, 15, 70]] == pytest.approx([0.001, 0.001, 0.001])


def test_a_folder_of_runs_leaves_out_what_did_not_complete(tmp_path):
    write_run(tmp_path / "sweep" / "a", ["lr=wsd"])
    write_run(tmp_path / "sweep" / "b", ["lr=warmup_cosine"])
    write_run(tmp_path / "sweep" / "c", ["lr=warmup_linear"], status="failed", reach=30, error="broke")
    write_run(tmp_path / "sweep" / "d", ["lr=warmup_linear"], status="unfinished", reach=30)
    found = read(tmp_path / "sweep")
    assert [curve.name for curve in found.curves] == ["a", "b"]
    assert [problem.message.partition(";")[0] for problem in found.left_out] == [
        "this run is failed after 30 steps",
        "this run has not ended",
    ]


def test_a_run_that_is_named_must_have_completed(tmp_path):
    write_run(tmp_path / "c", ["lr=warmup_linear"], status="failed", reach=30, error="broke")
    with pytest.raises(ConfigError, match="a law is fitted on completed runs"):
        read(tmp_path / "c")
    with pytest.raises(ConfigError, match="a law is fitted on completed runs"):
        read(tmp_path)


def test_a_run_that_diverged(tmp_path):
    write_run(tmp_path / "run", ["lr=wsd"])
    with (tmp_path / "run" / "metrics.jsonl").open("a") as file:
        file.write('{"step": 100, "lr": 0.0, "train_loss": NaN}\n')
    with pytest.raises(ConfigError, match="the training loss of step 100 is nan"):
        read(tmp_path / "run")


def test_event_files(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    writer = EventFileWriter(str(tmp_path / "events"))
    for step in range(0, 30, 10):
        values = {"train/loss": 4.0 - step / 10, "train/lr": step / 1000, "eval/loss": 5.0 - step / 10}
        summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values.items()])
        writer.add_event(Event(step=step, summary=summary))
    writer.close()
    (curve,) = read(tmp_path / "events").curves
    assert curve.steps.tolist() == [0, 10, 20]
    assert curve.losses.tolist() == [4.0, 3.0, 2.0]
    assert curve.learning_rates[[0, 5, 20]] == pytest.approx([0, 0.005, 0.02])
    assert curve.final_validation == 3.0
    with pytest.raises(ConfigError, match="there is no column 'ce'"):
        read_sources([str(tmp_path / "events")], Wanted(loss="ce"))


def test_a_run_that_ends_before_its_schedule_has_its_beginning(tmp_path):
    write_run(tmp_path / "run", ["lr=wsd"], steps=100, log_every=10)
    path = tmp_path / "run" / "result.json"
    result = json.loads(path.read_text())
    path.write_text(json.dumps(result | {"stop_after": 50, "steps": 50}))
    metrics = tmp_path / "run" / "metrics.jsonl"
    metrics.write_text("".join(line + "\n" for line in metrics.read_text().splitlines()[:6]))  # steps 0 to 50
    (curve,) = read(tmp_path / "run").curves
    assert curve.total_steps == 50  # not held until step 80 and decayed until 100
    assert curve.learning_rates[[5, 10, 49]] == pytest.approx([0.5 * BASE_LR, BASE_LR, BASE_LR])

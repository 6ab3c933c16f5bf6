"""What trackers compare runs by: the schedule's name and the swept keys first. And trackers of one's own, and wandb."""

import json
import sys

import pytest

from d9d_lr.composing.application import open_application
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.runs.results import RunResult
from d9d_lr.tracking.hyperparameters import hyperparameters
from d9d_lr.tracking.open import open_tracker
from d9d_lr.training.resolve import resolve_settings

OWN = """
class Lines:
    def __init__(self, folder, hyperparameters, title):
        self.path = folder / "lines.txt"
        self.path.write_text(f"{title} {next(iter(hyperparameters))}\\n")

    def log(self, step, metrics):
        self.path.write_text(self.path.read_text() + f"{step} {metrics}\\n")

    def finish(self, result):
        self.path.write_text(self.path.read_text() + f"{result.status}\\n")


class Plain:
    def __init__(self, depth=1):
        self.depth = depth

    def log(self, step, metrics): ...

    def finish(self, result): ...
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A module with two trackers of a person's own."""
    (tmp_path / "my_trackers.py").write_text(OWN)
    monkeypatch.syspath_prepend(tmp_path)
    yield "my_trackers"
    sys.modules.pop("my_trackers", None)


def settings_of(*overrides):
    with open_application() as application:
        return resolve_settings(application.compose(["task=digits", *overrides]))


def run_of_a_sweep(folder):
    """The folder of the second point of a sweep over schedules and seeds."""
    changed = {"lr": "warmup_cosine", "train.seed": "1"}
    points = [{"folder": "1", "changed": changed, "command": ""}]
    (folder / "1" / ".hydra").mkdir(parents=True)
    (folder / "sweep.json").write_text(json.dumps({"points": points}))
    (folder / "1" / ".hydra" / "hydra.yaml").write_text("hydra: {runtime: {choices: {lr: warmup_cosine}}}\n")
    return folder / "1"


def ended():
    return RunResult(
        status="completed", objective=2.0, final={"step": 20.0, "val_loss": 2.0}, best={}, steps=20, total_steps=20,
        seconds=1.0, fingerprint="0" * 16,
    )  # fmt: skip


def test_the_schedule_and_the_swept_keys_come_first(tmp_path):
    table = hyperparameters(settings_of("lr=warmup_cosine", "train.seed=1"), run_of_a_sweep(tmp_path))
    assert list(table)[:2] == ["schedule", "train.seed"]
    assert (table["schedule"], table["train.seed"]) == ("warmup_cosine", 1)
    assert table["lr.phases.0.steps"] == 100


def test_a_run_by_itself_has_what_was_typed(tmp_path):
    (tmp_path / ".hydra").mkdir()
    (tmp_path / ".hydra" / "overrides.yaml").write_text("- lr.phases.0.steps=50\n- task=digits\n")
    table = hyperparameters(settings_of("lr.phases.0.steps=50"), tmp_path)
    assert next(iter(table)) == "lr.phases.0.steps"
    assert table["lr.phases.0.steps"] == 50


def test_a_user_defined_provider_is_the_schedule(tmp_path):
    settings = settings_of("lr._target_=helpers.user_defined.InverseRoot")
    table = hyperparameters(settings, run_of_a_sweep(tmp_path))  # where Hydra has chosen lr=warmup_cosine
    assert table["schedule"] == "helpers.user_defined.InverseRoot"


def test_a_tracker_of_ones_own(own, tmp_path):
    settings = settings_of(f"tracker._target_={own}.Lines", "+tracker.title=mine")
    tracker = open_tracker(settings.tracker, run_of_a_sweep(tmp_path), settings)
    tracker.log(0, {"lr": 0.5})
    tracker.finish(ended())
    assert (tmp_path / "1" / "lines.txt").read_text().splitlines() == ["mine schedule", "0 {'lr': 0.5}", "completed"]


def test_it_is_passed_only_what_it_takes(own, tmp_path):
    settings = settings_of(f"tracker._target_={own}.Plain", "+tracker.depth=3")
    open_tracker(settings.tracker, tmp_path, settings).finish(ended())


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["tracker._target_=my_trackers.Lines"], "tracker.title: is missing; my_trackers.Lines needs it"),
        (["tracker._target_=my_trackers.Plain", "+tracker.dept=1"], "did you mean 'depth'"),
        (["tracker._target_=my_trackers.Nowhere"], "cannot be imported"),
    ],
)
@pytest.mark.usefixtures("own")
def test_what_does_not_fit_is_reported_before_a_run(overrides, message):
    with pytest.raises(ConfigError, match=message):
        settings_of(*overrides)


def logged(content):
    """The records of a file in LevelDB's log format: blocks of 32 KiB, each fragment with checksum, length and kind."""
    at, whole = 7, b""  # behind the header of the file
    while at + 7 <= len(content):
        if 32768 - at % 32768 < 7:
            at += 32768 - at % 32768
            continue
        length, kind = int.from_bytes(content[at + 4 : at + 6], "little"), content[at + 6]
        whole += content[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last fragment
            yield whole
            whole = b""


@pytest.mark.filterwarnings("ignore")  # of the library's own
def test_wandb_offline_is_read_back(tmp_path, monkeypatch):
    pytest.importorskip("wandb")
    from wandb.proto import wandb_internal_pb2

    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_ERROR_REPORTING", "false")
    monkeypatch.setenv("WANDB_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("WANDB_DATA_DIR", str(tmp_path / "data"))
    settings = settings_of("tracker=wandb", "lr=warmup_cosine")
    folder = run_of_a_sweep(tmp_path / "my_sweep")
    tracker = open_tracker(settings.tracker, folder, settings)
    tracker.log(0, {"lr": 0.25, "val_loss": 4.5})
    tracker.log(10, {"lr": 0.5})
    tracker.finish(ended())

    (path,) = folder.rglob("*.wandb")
    records = [wandb_internal_pb2.Record.FromString(data) for data in logged(path.read_bytes())]
    (run,) = (record.run for record in records if record.WhichOneof("record_type") == "run")
    assert (run.run_group, run.project, run.display_name) == ("my_sweep", "d9d_lr", "1")
    config = {item.key: json.loads(item.value_json) for item in run.config.update}
    assert (config["schedule"], config["optimizer.lr"]) == ("warmup_cosine", 0.003)
    history = [
        {item.key or item.nested_key[0]: json.loads(item.value_json) for item in record.history.item}
        for record in records
        if record.WhichOneof("record_type") == "history"
    ]
    assert [(row["_step"], row["lr"]) for row in history] == [(0, 0.25), (10, 0.5)]

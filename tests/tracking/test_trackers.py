"""Trackers, with the real libraries: what was logged is read back from their own files."""

import json
import logging
import math
import shutil
import sqlite3
import subprocess
import sys
import time
import warnings
from contextlib import contextmanager

import pytest
from omegaconf import OmegaConf

from d9d_lr.composing.application import open_application
from d9d_lr.diagnostics.problems import ConfigError
from d9d_lr.runs.results import RunResult
from d9d_lr.tracking.hyperparameters import hyperparameters
from d9d_lr.tracking.open import check_installed, open_tracker
from d9d_lr.tracking.protocol import NoTracker, SafeTracker
from d9d_lr.tracking.settings import MlflowConfig, NoTrackerConfig, TensorboardConfig
from d9d_lr.training.fingerprint import settings_fingerprint
from d9d_lr.training.resolve import resolve_settings

ROWS = [
    (0, {"lr": 0.0, "train_loss": 4.5, "val_loss": 4.25}),
    (10, {"lr": 0.0015, "train_loss": 3.5}),
    (20, {"lr": 0.003, "val_loss": 2.125, "val_accuracy": 0.5}),
]


def settings_of(*overrides):
    with open_application() as application:
        return resolve_settings(application.compose(overrides))


@pytest.fixture(scope="module")
def settings():
    return settings_of("task=digits", "lr.phases.0.steps=50")


def ended(status="completed", steps=20, error=None):
    end = {"step": float(steps), "val_loss": 2.125}
    return RunResult(
        status=status, objective=2.125, final=end, best=end, steps=steps, total_steps=20, seconds=1.0,
        fingerprint="0" * 16, error=error,
    )  # fmt: skip


def follow(tracker, rows=ROWS, result=None):
    for step, metrics in rows:
        tracker.log(step, metrics)
    tracker.finish(result or ended(steps=rows[-1][0]))


# --- the configuration -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ([], NoTrackerConfig()),
        (["tracker=none"], NoTrackerConfig()),
        (["tracker=tensorboard"], TensorboardConfig(folder="tensorboard")),
        (["tracker=mlflow", "tracker.file=a.db"], MlflowConfig(file="a.db", experiment="d9d_lr")),
    ],
)
def test_the_group_gives_the_config(overrides, expected):
    assert settings_of(*overrides).tracker == expected


def test_a_configuration_without_the_section_has_no_tracker():
    with open_application() as application:
        config = application.compose([])
    older = OmegaConf.masked_copy(config, [key for key in config if key != "tracker"])
    assert resolve_settings(older).tracker == NoTrackerConfig()


def test_the_tracker_is_no_part_of_what_a_run_computes():
    assert (
        len({settings_fingerprint(settings_of(f"tracker={name}")) for name in ("none", "tensorboard", "mlflow")}) == 1
    )


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("+tracker.folders=x", r"tracker\.folders: unknown key"),
        (
            "tracker.name=tensorbord",
            r"tracker\.name: 'tensorbord' is not allowed; it must be none, tensorboard, mlflow or wandb",
        ),
        ("tracker.folder=''", r"tracker\.folder: '' is not allowed"),
    ],
)
def test_wrong_keys_are_reported(override, message):
    with pytest.raises(ConfigError, match=message):
        settings_of("tracker=tensorboard", override)


@pytest.mark.parametrize(("name", "package"), [("tensorboard", "tensorboard"), ("mlflow", "alembic")])
def test_a_missing_extra_is_named(name, package, monkeypatch):
    config = settings_of(f"tracker={name}").tracker
    check_installed(config)
    monkeypatch.setattr("importlib.util.find_spec", lambda wanted: None if wanted == package else object())
    with pytest.raises(
        ConfigError, match=rf"(?s){name} needs {package}.*install the extra: pip install 'd9d-lr\[{name}\]'"
    ):
        check_installed(config)


def test_hyperparameters_are_keyed_as_typed(settings, tmp_path):
    table = hyperparameters(settings, tmp_path)
    assert table["lr.phases.0.steps"] == 50
    assert table["lr.phases.2.curve.type"] == "linear"
    assert table["optimizer.betas.1"] == 0.95
    assert table["task.name"] == "digits"
    assert "train.resume" not in table
    assert not any(key.startswith("tracker") for key in table)


# --- trouble ---------------------------------------------------------------------------------------------------------


class Broken:
    def __init__(self):
        self.calls = 0

    def log(self, step, metrics):
        self.calls += 1
        raise OSError("the disk is full\nand more")

    finish = log


def test_a_tracker_that_fails_is_reported_once_and_left_alone(caplog):
    broken = Broken()
    with caplog.at_level(logging.WARNING):
        tracker = SafeTracker("broken", lambda: broken)
        follow(tracker)
    assert broken.calls == 1
    assert [record.getMessage() for record in caplog.records] == [
        "the tracker broken failed and is off for the rest of this run: OSError: the disk is full"
    ]


def test_a_tracker_that_cannot_start_is_reported_once(tmp_path, settings, caplog):
    (tmp_path / "mlflow.db").write_text("this is no database " * 100)
    follow(open_tracker(MlflowConfig(file=str(tmp_path / "mlflow.db")), tmp_path, settings))
    (tmp_path / "tensorboard").write_text("a file where the folder should be")
    follow(open_tracker(TensorboardConfig(), tmp_path, settings))
    told = [record.getMessage() for record in caplog.records if "off for the rest" in record.getMessage()]
    assert [message.split()[2] for message in told] == ["mlflow", "tensorboard"]


def test_a_store_that_cannot_be_opened_keeps_no_run_waiting(tmp_path, settings, caplog):
    (tmp_path / "mlflow.db").mkdir()
    began = time.monotonic()
    follow(open_tracker(MlflowConfig(file=str(tmp_path / "mlflow.db")), tmp_path, settings))
    assert "unable to open database file" in caplog.text
    assert time.monotonic() - began < 30  # MLflow by itself tries for 100 seconds


def test_an_interrupt_is_not_swallowed():
    def interrupted():
        raise KeyboardInterrupt("asked to stop")

    with pytest.raises(KeyboardInterrupt, match="asked to stop"):
        SafeTracker("slow", interrupted)


def test_no_tracker_keeps_nothing(tmp_path, settings):
    tracker = open_tracker(NoTrackerConfig(), tmp_path, settings)
    assert isinstance(tracker, NoTracker)
    follow(tracker)
    assert list(tmp_path.iterdir()) == []


# --- TensorBoard -----------------------------------------------------------------------------------------------------


def scalars(folder):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TensorBoard's own imports
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        events = EventAccumulator(str(folder))
        events.Reload()
    found = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    return found, events.summary_metadata


def test_tensorboard_has_the_scalars_and_the_hyperparameters(tmp_path, settings):
    follow(open_tracker(TensorboardConfig(), tmp_path, settings))
    found, metadata = scalars(tmp_path / "tensorboard")
    assert found["train_loss"] == [(0, 4.5), (10, 3.5)]
    assert found["val_loss"] == [(0, 4.25), (20, 2.125)]
    assert [step for step, _ in found["lr"]] == [0, 10, 20]
    assert found["lr"][2][1] == pytest.approx(0.003)
    start = hparams_content(metadata["_hparams_/session_start_info"]).session_start_info
    assert start.hparams["lr.phases.0.steps"].number_value == 50
    assert start.hparams["task.name"].string_value == "digits"
    experiment = hparams_content(metadata["_hparams_/experiment"]).experiment
    assert [info.name.tag for info in experiment.metric_infos] == ["val_loss"]
    assert "_hparams_/session_end_info" in metadata


def hparams_content(metadata):
    from tensorboard.plugins.hparams import plugin_data_pb2

    return plugin_data_pb2.HParamsPluginData.FromString(metadata.plugin_data.content)


@contextmanager
def hparams_plugin(folder):
    """What TensorBoard's HParams page asks, over the runs in a folder: a request's context, and the plugin's."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of TensorBoard's own imports
        from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
        from tensorboard.context import RequestContext
        from tensorboard.plugins.base_plugin import TBContext
        from tensorboard.plugins.hparams import backend_context

        runs = plugin_event_multiplexer.EventMultiplexer().AddRunsFromDirectory(str(folder))
        runs.Reload()
        provider = data_provider.MultiplexerDataProvider(runs, str(folder))
        yield RequestContext(), backend_context.Context(TBContext(data_provider=provider, logdir=str(folder)))


def test_tensorboards_own_sweep_view_lists_every_run(tmp_path):
    for steps in (50, 60):
        settings = settings_of(f"lr.phases.0.steps={steps}")
        follow(open_tracker(TensorboardConfig(), tmp_path / f"run{steps}", settings))
    with hparams_plugin(tmp_path) as (asked, context):
        from tensorboard.plugins.hparams import api_pb2, list_session_groups

        request = api_pb2.ListSessionGroupsRequest(start_index=0, slice_size=10)
        request.allowed_statuses.append(api_pb2.STATUS_SUCCESS)
        column = request.col_params.add()
        column.metric.tag = "val_loss"
        groups = list_session_groups.Handler(asked, context, "", request).run().session_groups
    values = {group.hparams["lr.phases.0.steps"].number_value: group.metric_values[0].value for group in groups}
    assert values == {50.0: 2.125, 60.0: 2.125}


def test_tensorboards_own_sweep_view_begins_with_what_was_swept(tmp_path):
    points = []
    for name, schedule, rate in (("0", "wsd", "0.001"), ("1", "warmup_cosine", "0.01")):
        changed = {"lr": schedule, "optimizer.lr": rate}
        points.append({"folder": name, "changed": changed, "command": ""})
        (tmp_path / name / ".hydra").mkdir(parents=True)
        choices = f"hydra: {{runtime: {{choices: {{lr: {schedule}}}}}}}\n"
        (tmp_path / name / ".hydra" / "hydra.yaml").write_text(choices)
    (tmp_path / "sweep.json").write_text(json.dumps({"points": points}))
    for point in points:
        settings = settings_of(*(f"{key}={value}" for key, value in point["changed"].items()))
        follow(open_tracker(TensorboardConfig(), tmp_path / point["folder"], settings))
    with hparams_plugin(tmp_path) as (asked, context):
        from tensorboard.plugins.hparams import api_pb2, get_experiment

        request = api_pb2.GetExperimentRequest(include_metrics=True)
        experiment = get_experiment.Handler(asked, context, "", request).run()
    # the page shows the first five, those that differ before all others
    assert [info.name for info in experiment.hparam_infos if info.differs] == ["optimizer.lr", "schedule"]
    assert [info.name for info in experiment.hparam_infos][:2] == ["optimizer.lr", "schedule"]
    assert [info.name.tag for info in experiment.metric_infos] == ["val_loss"]


def test_a_resumed_run_hides_what_it_writes_again(tmp_path, settings):
    for rows in (ROWS, [(10, {"train_loss": 3.25}), (20, {"val_loss": 2.0})]):
        follow(open_tracker(TensorboardConfig(), tmp_path, settings), rows)
    found, _ = scalars(tmp_path / "tensorboard")
    assert found["train_loss"] == [(0, 4.5), (10, 3.25)]
    assert found["val_loss"] == [(0, 4.25), (20, 2.0)]


# --- MLflow ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def empty_store(tmp_path_factory):
    """A store with its tables, which take MLflow seconds to make."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from mlflow.tracking import MlflowClient

        path = tmp_path_factory.mktemp("store") / "mlflow.db"
        MlflowClient(f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def client(tmp_path, monkeypatch, empty_store):
    """A client of the store that trackers write when `tmp_path` is the working directory."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(empty_store, tmp_path)

    def make():
        from mlflow.tracking import MlflowClient

        return MlflowClient(f"sqlite:///{tmp_path / 'mlflow.db'}")

    return make


pytestmark_mlflow = pytest.mark.filterwarnings("ignore")  # of MLflow's and SQLAlchemy 1.4's own code


def runs_of(client):
    experiment = client.get_experiment_by_name("d9d_lr")
    return {run.data.tags["mlflow.runName"]: run for run in client.search_runs([experiment.experiment_id])}


@pytestmark_mlflow
def test_mlflow_has_the_metrics_the_parameters_and_the_end(tmp_path, client, settings):
    (tmp_path / "alone").mkdir()
    follow(open_tracker(MlflowConfig(), tmp_path / "alone", settings))
    run = runs_of(client())["alone"]
    assert run.info.status == "FINISHED"
    assert run.data.params["lr.phases.0.steps"] == "50"
    assert run.data.metrics["val_loss"] == 2.125
    history = client().get_metric_history(run.info.run_id, "train_loss")
    assert [(metric.step, metric.value) for metric in history] == [(0, 4.5), (10, 3.5)]
    assert "mlflow.parentRunId" not in run.data.tags
    assert sorted(path.name for path in tmp_path.iterdir()) == ["alone", "mlflow.db", "mlflow.db.lock"]


@pytestmark_mlflow
def test_one_parent_run_for_each_sweep(tmp_path, client, settings):
    for sweep in ("first", "second"):
        for name in ("0", "1"):
            folder = tmp_path / sweep / f"{sweep}{name}"
            folder.mkdir(parents=True)
            (tmp_path / sweep / "multirun.yaml").touch()
            status = "failed" if (sweep, name) == ("second", "1") else "completed"
            error = "the loss is NaN" if status == "failed" else None
            follow(open_tracker(MlflowConfig(), folder, settings), result=ended(status, error=error))
    runs = runs_of(client())
    assert len(runs) == 6
    for name in ("first0", "first1", "second0", "second1"):
        assert runs[name].data.tags["mlflow.parentRunId"] == runs[name[:-1]].info.run_id
    assert runs["second1"].info.status == "FAILED"
    assert runs["second1"].data.tags["error"] == "the loss is NaN"
    assert {runs["first"].info.status, runs["second"].info.status} == {"FINISHED"}


@pytestmark_mlflow
def test_a_resumed_run_goes_on_in_the_same_run(tmp_path, client, settings):
    (tmp_path / "run").mkdir()
    follow(open_tracker(MlflowConfig(), tmp_path / "run", settings), ROWS[:2], ended("interrupted", steps=10))
    assert runs_of(client())["run"].info.status == "KILLED"
    follow(open_tracker(MlflowConfig(), tmp_path / "run", settings), ROWS[2:])
    runs = runs_of(client())
    assert list(runs) == ["run"]
    assert runs["run"].info.status == "FINISHED"
    assert [m.step for m in client().get_metric_history(runs["run"].info.run_id, "val_loss")] == [0, 20]


@pytestmark_mlflow
def test_values_that_are_no_number_are_taken(tmp_path, client, settings, caplog):
    (tmp_path / "run").mkdir()
    follow(open_tracker(MlflowConfig(), tmp_path / "run", settings), [(0, {"train_loss": math.nan, "lr": math.inf})])
    assert "off for the rest" not in caplog.text
    assert math.isnan(runs_of(client())["run"].data.metrics["train_loss"])


def test_processes_that_start_together_share_one_store_and_one_parent(tmp_path):
    (tmp_path / "sweep").mkdir()
    (tmp_path / "sweep" / "multirun.yaml").touch()
    code = """
import sys, logging
from pathlib import Path
logging.basicConfig(level=logging.WARNING)
from d9d_lr.composing.application import open_application
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.tracking.settings import MlflowConfig
from d9d_lr.tracking.open import open_tracker
with open_application() as application:
    settings = resolve_settings(application.compose([]))
folder = Path("sweep") / sys.argv[1]
folder.mkdir()
tracker = open_tracker(MlflowConfig(), folder, settings)
for step in range(300):
    tracker.log(step, {"train_loss": float(step)})
tracker._try(tracker._tracker._write)
print("torch" in sys.modules)
"""
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, name], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for name in "ab"
    ]
    for process in started:
        out, error = process.communicate(timeout=120)
        assert (process.returncode, out.strip()) == (0, "False"), error
        assert "off for the rest" not in error
    with sqlite3.connect(tmp_path / "mlflow.db") as store:
        assert store.execute("select count(*) from runs").fetchone() == (3,)
        assert store.execute("select count(*) from metrics").fetchone() == (600,)
    store.close()

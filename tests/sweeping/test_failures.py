"""Point 4: what one failed job does to the others."""

from importlib import import_module
from pathlib import Path

import pytest
from hydra.core.plugins import Plugins
from sweep_files import rows, times_run

from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.results import read_result

LAUNCHERS = {
    "joblib": ("hydra_plugins.hydra_joblib_launcher.joblib_launcher", "JoblibLauncher"),
    "submitit_slurm": ("hydra_plugins.hydra_submitit_launcher.submitit_launcher", "SlurmLauncher"),
}


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("raise", "RuntimeError: the loss went away"),
        ("say", "no space is left"),
        ("exit", "the job ended by sys.exit(3)"),
    ],
)
def test_a_failure_loses_that_job_only(sweep, how, error):
    done = sweep(f"task.text_file=well,{how},null")
    assert done.status == 1
    assert f"task.text_file={how} failed: {error}" in done.err  # when it happened
    assert error in done.out  # in the summary
    assert "1 of 3 points did not complete; see s/sweep.md" in done.err
    assert "2 completed, 1 failed" in done.out
    assert [(row["status"], row["error"]) for row in rows("s")] == [
        ("completed", ""),
        ("completed", ""),
        ("failed", error),
    ]
    result = read_result(Path(f"s/task.text_file={how}"))
    assert result is not None
    assert (result.status, result.error) == ("failed", error)


def test_a_defect_is_reported_with_its_traceback_in_the_log(sweep):
    sweep("task.text_file=raise,well")
    assert "Traceback" in Path("s/task.text_file=raise/train.log").read_text()


def test_stop_starts_no_further_job(sweep):
    done = sweep("task.text_file=well,raise,null,say", "sweep.on_failure=stop")
    assert done.status == 1
    assert "3 of 4 points did not complete" in done.err
    assert [row["status"] for row in rows("s")] == ["completed", "failed", "not started", "not started"]
    assert list(times_run_if_any()) == ["task.text_file=raise", "task.text_file=well"]


@pytest.mark.parametrize(("limit", "begun"), [(1, 1), (2, 3), (3, 4)])
def test_max_failures_counts(sweep, limit, begun):
    done = sweep("task.text_file=raise,well,say,exit,null", f"sweep.max_failures={limit}")
    assert done.status == 1
    # In order: raise is failure 1, well is none, say is failure 2, exit is failure 3.
    assert len(times_run_if_any()) == begun


def test_a_stopped_sweep_goes_on_when_started_again(sweep):
    sweep("task.text_file=once_raise,well,null", "sweep.on_failure=stop")
    assert sweep("task.text_file=once_raise,well,null", "sweep.on_failure=stop").status == 0
    assert times_run("s") == {"task.text_file=null": 1, "task.text_file=once_raise": 2, "task.text_file=well": 1}


def test_ctrl_c_leaves_a_summary(sweep):
    done = sweep("task.text_file=well,ctrl_c,null")
    assert done.status == 130
    assert "1 completed, 1 unfinished, 1 not started" in done.out
    assert [row["status"] for row in rows("s")] == ["completed", "unfinished", "not started"]
    assert done.out.endswith(
        "\ngo on with: python -m d9d_lr.train hydra.sweep.dir=s task.text_file=well,ctrl_c,null -m\n"
    )


def times_run_if_any():
    return sorted(path.parent.name for path in Path("s").glob("*/times_run"))


@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_a_launcher_that_fails_at_once_says_why_in_a_sentence(sweep, monkeypatch, launcher):
    def refuse(*arguments, **more):
        raise ConnectionError("no engine\nanswers here")

    module, name = LAUNCHERS[launcher]
    Plugins.instance()  # which reads the modules of all plugins once
    monkeypatch.setattr(getattr(import_module(module), name), "launch", refuse)
    done = sweep("task.text_file=null,well", f"hydra/launcher={launcher}")
    assert done.status == 1
    assert "Traceback" not in done.err
    assert "its launcher failed: ConnectionError: no engine answers here; HYDRA_FULL_ERROR=1 shows where" in done.err
    assert "2 not started" in done.out

    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    with pytest.raises(RunError, match="its launcher failed"):
        sweep("task.text_file=null,well", f"hydra/launcher={launcher}")

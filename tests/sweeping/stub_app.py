"""The training entrypoint with a job that trains nothing: `python stub_app.py -m ...`.

Its field `task.text_file` says what the job does; the tests make an empty file of that name, which nobody opens.
"""

import os
import signal
import sys
from pathlib import Path

from hydra.core.hydra_config import HydraConfig

from d9d_lr.composing.cli import run_application
from d9d_lr.diagnostics.problems import RunError
from d9d_lr.runs.results import RunResult, write_result
from d9d_lr.training.fingerprint import settings_fingerprint
from d9d_lr.training.resolve import resolve_settings
from d9d_lr.training.threads import threads_for_process

BEHAVIOURS = ("well", "raise", "say", "exit", "killed", "ctrl_c")


def job(config):
    settings = resolve_settings(config)
    folder = Path(HydraConfig.get().runtime.output_dir)
    with (folder / "times_run").open("a") as times:
        times.write("x")
    (folder / "threads").write_text(str(threads_for_process("auto", cores=8)))
    (folder / "gpu").write_text(os.environ.get("CUDA_VISIBLE_DEVICES", ""))
    _behave(settings.task.text_file, folder)
    objective = settings.optimizer.lr + settings.train.seed
    result = RunResult(
        status="completed",
        objective=objective,
        final={"step": settings.train.total_steps, "val_loss": objective, "val_accuracy": 0.5},
        best={},
        steps=settings.train.total_steps,
        total_steps=settings.train.total_steps,
        seconds=1.5,
        fingerprint=settings_fingerprint(settings),
        overrides=list(HydraConfig.get().overrides.task),
    )
    write_result(folder, result)
    return objective


def _behave(how, folder):
    """Does what is asked; `once_` behaviours only the first time."""
    how = how or "well"
    if how.startswith("once_"):
        how = how.removeprefix("once_") if (folder / "times_run").read_text() == "x" else "well"
    match how:
        case "well":
            pass
        case "raise":
            raise RuntimeError("the loss went away")
        case "say":
            raise RunError("no space is left")
        case "exit":
            sys.exit(3)
        case "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        case "ctrl_c":
            raise KeyboardInterrupt
        case _:
            raise AssertionError(how)


def make_provider():
    """A provider of one's own, which is never called here."""


if __name__ == "__main__":
    run_application(job)

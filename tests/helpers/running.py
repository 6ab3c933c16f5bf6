"""Running the training entrypoint's command line inside the test, with the training itself left out."""

import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

import d9d_lr.composing.cli
from d9d_lr.training.resolve import resolve_settings

MULTIRUN = ("--multirun", "hydra/launcher=basic")


@dataclass
class Ran:
    """How a command line ended.

    Attributes:
        status: The exit status.
        trained: The settings of every run that would have been trained, in order.
    """

    status: int = 0
    trained: list = field(default_factory=list)


def run_command(*arguments):
    """Runs `python -m d9d_lr.train ARGUMENTS` up to the point where training would start."""
    ran = Ran()

    def job(config):
        ran.trained.append(resolve_settings(config))
        return 1.0

    with arguments_are(*arguments):
        GlobalHydra.instance().clear()
        try:
            d9d_lr.composing.cli.run_application(job, resolve_settings)
        except SystemExit as leaving:
            ran.status = leaving.code or 0
        finally:
            GlobalHydra.instance().clear()
            HydraConfig.instance().cfg = None
    return ran


@contextmanager
def arguments_are(*arguments):
    """Puts arguments on the command line."""
    with mock.patch.object(sys, "argv", ["train", *arguments]):
        yield


def files_below(folder):
    """Every file and folder below a folder."""
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*"))

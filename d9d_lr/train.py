"""The training entrypoint: `python -m d9d_lr.train`, console script `d9d-lr-train`. Wiring only; torch comes last."""

from __future__ import annotations

import logging
import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from d9d_lr.cli import run_application
from d9d_lr.config.build import build_schedule
from d9d_lr.config.models import PiecewiseConfig
from d9d_lr.config.plain import plain
from d9d_lr.config.positions import phase_positions
from d9d_lr.config.resolve_settings import resolve_settings
from d9d_lr.config.settings import Settings
from d9d_lr.viewing.advice import advice_for

log = logging.getLogger(__name__)


def job(config: DictConfig) -> float:
    """Runs one training, in the run folder that Hydra made; returns the objective."""
    settings = resolve_settings(config)

    from d9d_lr.training.run import run_training

    hydra = HydraConfig.get()
    single = hydra.mode == RunMode.RUN
    if single:
        _advise(settings, config)
    folder = Path(hydra.runtime.output_dir)
    try:
        return run_training(settings, folder, list(hydra.overrides.task), summary=single)
    except KeyboardInterrupt:
        place = f"hydra.run.dir={_quoted(folder)}" if single else f"hydra.sweep.dir={_quoted(hydra.sweep.dir)}"
        log.warning("go on with: %s", command_again(sys.argv[1:], place))
        raise


def _advise(settings: Settings, config: DictConfig) -> None:
    if isinstance(settings.lr, PiecewiseConfig):
        section = plain(config.lr)
        positions = phase_positions(section.get("scheduler", section)["phases"])
        for advice in advice_for(build_schedule(settings.lr, settings.train.total_steps), positions):
            log.info("%s", advice)


def command_again(arguments: Sequence[str], place: str) -> str:
    """Returns what to type to run the same command in the folder that it ran in.

    Args:
        arguments: What was typed.
        place: The override that names the folder.
    """
    key = place.partition("=")[0]
    # First, for the command line's parser takes no override behind a flag such as --multirun that has some before it.
    others = [argument for argument in arguments if not argument.startswith(f"{key}=")]
    processes = int(os.environ.get("WORLD_SIZE", "1"))
    launcher = f"torch.distributed.run --nproc_per_node {processes} -m " if processes > 1 else ""
    return f"python -m {launcher}d9d_lr.train {shlex.join([place, *others])}"


def _quoted(path: object) -> str:
    """Quotes a path for Hydra's grammar of overrides, where it must be."""
    text = str(path)
    return text if re.fullmatch(r"[\w/.:+-]+", text) else "'" + text.replace("'", "\\'") + "'"


def main() -> None:
    """Runs the application on the command line's arguments; under torchrun, in rank 0 only."""
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        run_application(job)
    elif os.environ.get("RANK") == "0":
        _lead()
    else:
        _serve()


def _lead() -> None:
    from d9d_lr.training.processes import announce, leave

    try:
        run_application(job)
    except SystemExit as ended:
        if ended.code:  # torchrun then ends the other processes
            raise
    announce(None)
    leave()


def _serve() -> None:
    from d9d_lr.problems import RunError
    from d9d_lr.training.processes import await_job, leave
    from d9d_lr.training.run import serve_training

    try:
        while (told := await_job()) is not None:
            serve_training(told.settings, told.folder)
    except RunError as error:
        sys.stderr.write(f"process {os.environ['RANK']} of the run stopped: {error}\n")
        raise SystemExit(1) from None
    leave()


if __name__ == "__main__":
    main()

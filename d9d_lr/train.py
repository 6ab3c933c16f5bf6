"""The training entrypoint: `python -m d9d_lr.train`, console script `d9d-lr-train`. Wiring only.

Showing a configuration needs neither Pydantic nor numpy, and checking one no torch: each is imported by what needs it.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, cast

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from d9d_lr.composing.cli import run_application
from d9d_lr.composing.error_screen import reported_errors
from d9d_lr.runs.commands import command_again, quoted
from d9d_lr.runs.launched import world_size
from d9d_lr.sweeping.portion import Portion
from d9d_lr.training.starting import show_composing, show_run

if TYPE_CHECKING:
    from d9d_lr.training.settings import Settings

log = logging.getLogger(__name__)


def job(config: DictConfig) -> float:
    """Runs one training, in the run folder that Hydra made; returns the objective."""
    settings = _validated(config)
    hydra = HydraConfig.get()
    single = hydra.mode == RunMode.RUN
    if single:
        show_run(hydra, settings.train.last_step)
        _advise(settings, config, list(hydra.overrides.task))

    from d9d_lr.training.run import run_training

    folder = Path(hydra.runtime.output_dir)
    try:
        portion = Portion.of(OmegaConf.select(cast(DictConfig, hydra), "env.point"))
        return run_training(settings, folder, list(hydra.overrides.task), summary=single, portion=portion)
    except KeyboardInterrupt:
        if single:  # a sweep tells it once, for all of its jobs
            log.warning("go on with: %s", command_again(sys.argv[1:], f"hydra.run.dir={quoted(folder)}"))
        raise


def _validated(config: DictConfig) -> Settings:
    from d9d_lr.training.resolve import resolve_settings

    return resolve_settings(config)


def _advise(settings: Settings, config: DictConfig, typed: list[str]) -> None:
    from d9d_lr.config.advice import advice_for, without_defaults
    from d9d_lr.config.plain import plain
    from d9d_lr.config.positions import free_position, positions_of
    from d9d_lr.training.plan import planned

    section = plain(config.lr)
    schedule = planned(settings).schedule(positions_of(section))
    if schedule is not None:
        for advice in without_defaults(advice_for(schedule, free_position=free_position(section)), typed):
            log.info("%s", advice)


def main() -> None:
    """Runs the application on the command line's arguments; under torchrun, in rank 0 only."""
    with reported_errors():
        processes = world_size()
    if os.environ.get("RANK", "0") == "0":
        show_composing(sys.argv[1:])
    if processes == 1:
        run_application(job, _validated)
    elif os.environ.get("RANK") == "0":
        _lead()
    else:
        _serve()


def _lead() -> None:
    from d9d_lr.training.processes import announce, leave

    try:
        run_application(job, _validated)
    except SystemExit as ended:
        if ended.code:  # torchrun then ends the other processes
            raise
    announce(None)
    leave()


def _serve() -> None:
    from d9d_lr.diagnostics.problems import RunError
    from d9d_lr.training.processes import await_assignment, leave
    from d9d_lr.training.run import serve_training

    try:
        while (assignment := await_assignment()) is not None:
            serve_training(assignment)
    except RunError as error:
        sys.stderr.write(f"process {os.environ['RANK']} of the run stopped: {error}\n")
        raise SystemExit(1) from None
    leave()


if __name__ == "__main__":
    main()

"""The training entrypoint: `python -m d9d_lr.train`, console script `d9d-lr-train`. Wiring only; torch comes last."""

from __future__ import annotations

import os
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig

from d9d_lr.cli import run_application
from d9d_lr.config.resolve_settings import resolve_settings


def job(config: DictConfig) -> float:
    """Runs one training, in the run folder that Hydra made; returns the objective."""
    settings = resolve_settings(config)

    from d9d_lr.training.run import run_training

    hydra = HydraConfig.get()
    single = hydra.mode == RunMode.RUN
    return run_training(settings, Path(hydra.runtime.output_dir), list(hydra.overrides.task), summary=single)


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

    run_application(job)
    announce(None)
    leave()


def _serve() -> None:
    from d9d_lr.training.processes import await_job, leave
    from d9d_lr.training.run import serve_training

    while (told := await_job()) is not None:
        serve_training(told.settings, told.folder)
    leave()


if __name__ == "__main__":
    main()

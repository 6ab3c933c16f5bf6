"""The training entrypoint: `python -m d9d_lr.train`, console script `d9d-lr-train`. Wiring only; torch comes last."""

from __future__ import annotations

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from d9d_lr.cli import run_application
from d9d_lr.config.resolve_settings import resolve_settings


def job(config: DictConfig) -> float:
    """Runs one training, in the run folder that Hydra made; returns the objective."""
    settings = resolve_settings(config)

    from d9d_lr.training.run import run_training

    return run_training(settings, Path(HydraConfig.get().runtime.output_dir))


def main() -> None:
    """Runs the application on the command line's arguments."""
    run_application(job)


if __name__ == "__main__":
    main()

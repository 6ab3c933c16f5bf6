"""A sweep of tiny jobs: what one costs beyond its training, and what a second worker is worth."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measuring import Row, command

JOBS = 40
TINY = ("-m", "d9d_lr.train", "-m", "task=digits", "task.width=8", "train.total_steps=5", "lr.phases.0.steps=1")
HYDRAS = "hydra/sweeper=basic"
JOBLIB = ("hydra/launcher=joblib", "hydra.launcher.n_jobs=2")


def rows() -> Iterator[Row]:
    """One process, then two."""
    yield Row(
        f"one of {JOBS} tiny jobs, of 5 steps",
        "the same under Hydra's own sweeper",
        _each_job,
        lambda: _each_job(HYDRAS),
        within=0.08,
        rounds=2,
    )
    yield Row(
        f"{JOBS} tiny jobs on two cores by joblib, on the clock",
        "in one process",
        lambda: _sweep(JOBS, *JOBLIB, clock=True),
        lambda: _sweep(JOBS, clock=True),
        goal=0.55,
        rounds=2,
    )


def _each_job(*words: str) -> float:
    """Returns the seconds of a job: what many take more than a few, which pay for starting as well."""
    few = JOBS // 10
    return (_sweep(JOBS, *words) - _sweep(few, *words)) / (JOBS - few)


def _sweep(jobs: int, *words: str, clock: bool = False) -> float:
    return command(*TINY, f"train.seed=range({jobs})", "hydra.sweep.dir=s", *words, clock=clock)

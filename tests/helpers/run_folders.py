"""Run folders as a sweep leaves them, without training: what a report has to read."""

import functools
import itertools
import json
import math
import random

from d9d_lr import build_schedule, compose_lr
from d9d_lr.runs.results import RunResult, write_result

BASE_LR = 0.003


def write_run(folder, overrides, *, steps=100, status="completed", log_every=10, reach=None, error=None, seed=0):
    """Writes one run: a composed schedule, losses that depend on the overrides alone, a result unless unfinished.

    Args:
        folder: The run folder.
        overrides: What was typed; those that begin with "lr" shape the schedule.
        steps: Steps asked for.
        status: How it ended; "unfinished" leaves no result.
        log_every: Steps between lines.
        reach: Steps done; all of them by default.
        error: Why it failed.
        seed: For the noise on the training loss.

    Returns:
        The final validation loss.
    """
    reach = steps if reach is None else reach
    folder.mkdir(parents=True, exist_ok=True)
    config = composed("lr.phases.0.steps=10", *(override for override in overrides if override.startswith("lr")))
    schedule = build_schedule(config, steps)
    (folder / "schedule.json").write_text(config.model_dump_json(indent=2) + "\n")
    (folder / ".hydra").mkdir(exist_ok=True)
    (folder / ".hydra" / "overrides.yaml").write_text("".join(f"- {json.dumps(override)}\n" for override in overrides))
    final = 1.5 + schedule_cost(schedule)
    noise = random.Random(seed)
    with (folder / "metrics.jsonl").open("w") as file:
        for step in range(0, reach + 1, log_every):
            level = final + 3 * math.exp(-4 * step / steps)
            row = {"step": step, "lr": BASE_LR * schedule.multiplier(step)}
            if step < steps:
                row["train_loss"] = level + noise.gauss(0, 0.08)
            if step % (steps // 5) == 0:
                row |= {"val_loss": final if step == steps else level, "val_accuracy": 0.5}
            file.write(json.dumps(row) + "\n")
    if status != "unfinished":
        done = status == "completed"
        write_result(
            folder,
            RunResult(
                status=status,
                objective=final if done else None,
                final={"step": reach, "val_loss": final} if done else {},
                best={"step": reach, "val_loss": final} if done else {},
                steps=reach,
                total_steps=steps,
                seconds=1.5,
                fingerprint="0" * 16,
                overrides=overrides,
                error=error,
            ),
        )
    return final


@functools.cache
def composed(*overrides):
    """The schedule for some overrides; each is composed once."""
    return compose_lr(overrides)


def schedule_cost(schedule):
    """A made-up loss: how far the mean multiplier is from 0.7."""
    total = schedule.total_steps
    return abs(sum(schedule.multiplier(step) for step in range(0, total, max(1, total // 50))) / 50 - 0.7)


def write_grid(folder, axes, **options):
    """Writes a run for each combination of the values of some keys; returns the final losses by overrides."""
    losses = {}
    for number, values in enumerate(itertools.product(*axes.values())):
        overrides = [f"{key}={value}" for key, value in zip(axes, values, strict=True)]
        losses[tuple(overrides)] = write_run(folder / str(number), overrides, seed=number, **options)
    return losses

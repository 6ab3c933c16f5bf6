"""Run folders as a sweep leaves them, without training: what a report has to read."""

import functools
import itertools
import json
import math
import random

from d9d_lr import build_schedule, compose_lr
from d9d_lr.runs.results import RunResult, write_result

BASE_LR = 0.003


def write_run(
    folder, overrides, *, steps=100, status="completed", log_every=10, reach=None, error=None, seed=0, more=0.0
):
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
        more: Added to every loss.

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
    final = 1.5 + schedule_cost(schedule) + more
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


def write_comparison(folder, schedules, rates, warmups, seeds, ended=1.0):
    """Writes a sweep as people make them: each schedule has a best rate, seeds make noise, high rates diverge.

    Args:
        folder: The sweep folder.
        schedules: Options of the group `lr`.
        rates: Base learning rates; 0.1 and above diverge for one seed in two.
        warmups: Steps of warmup.
        seeds: How many.
        ended: Which part of the points ended; the others are planned, and one of them is under way.
    """
    points = list(itertools.product(schedules, warmups, rates, range(seeds)))
    noise = random.Random(1)
    plan = []
    for number, (schedule, warmup, rate, seed) in enumerate(points):
        changed = {"lr": schedule, "lr.phases.0.steps": warmup, "optimizer.lr": rate, "train.seed": seed}
        typed = [f"{key}={value}" for key, value in changed.items()]
        command = f"python -m d9d_lr.train {' '.join(typed)}"
        plan.append({"folder": str(number), "changed": {key: str(value) for key, value in changed.items()},
                     "command": command})  # fmt: skip
        best = 0.003 * (1 + schedules.index(schedule)) + 0.00002 * warmup
        more = 0.12 * math.log10(rate / best) ** 2 + 0.01 * schedules.index(schedule) + noise.gauss(0, 0.02)
        started = number - ended * len(points)
        if started >= 1:
            continue
        if started >= 0:
            write_run(folder / str(number), typed, status="unfinished", reach=40, seed=number, more=more)
        elif rate >= 0.1 and seed % 2 == 0:
            write_run(folder / str(number), typed, status="failed", reach=30, seed=number, more=more,
                      error="the loss is nan at step 30")  # fmt: skip
        else:
            write_run(folder / str(number), typed, seed=number, more=more)
    (folder / "sweep.json").write_text(json.dumps({"points": plan}))

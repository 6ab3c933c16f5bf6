"""Runs from TensorBoard's event files; needs tensorboard, the extra `tensorboard`."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.laws.loss_curve import LossCurve, every_step
from d9d_lr.predicting.columns import Wanted, find_column

EVENT_FILES = "events.out.tfevents.*"


def read_tensorboard_run(folder: Path, wanted: Wanted) -> LossCurve:
    """Reads a run from the event files of one folder.

    Raises:
        ConfigError: If a tag is missing or unclear, or a value is no positive number.
        RunError: If tensorboard is not installed.
    """
    try:
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    except ImportError as error:
        raise RunError("event files need tensorboard; install the extra: pip install 'd9d-lr[tensorboard]'") from error
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0}).Reload()
    tags = sorted(events.Tags()["scalars"])
    found = {
        "loss": find_column(str(folder), tags, "loss", wanted.loss),
        "lr": find_column(str(folder), tags, "lr", wanted.lr),
    }
    problems = [place for place in found.values() if isinstance(place, Problem)]
    for what, place in found.items():
        if place is None:
            shown = ", ".join(tags) or "none at all"
            problems.append(Problem(str(folder), f"no tag holds the {what}; there are {shown}", f"--{what}-column TAG"))
    if problems:
        raise ConfigError(problems)
    curves = {what: events.Scalars(tags[place]) for what, place in found.items() if isinstance(place, int)}
    losses = {event.step: event.value for event in curves["loss"]}
    rates = {event.step: event.value for event in curves["lr"]}
    bad = next((step for step, loss in losses.items() if not 0 < loss < np.inf), None)
    if bad is not None:
        hint = "a run that diverged cannot be fitted"
        raise ConfigError([Problem(str(folder), f"the loss of step {bad} is {losses[bad]}; it must be above 0", hint)])
    steps, lr_steps = sorted(losses), sorted(rates)
    validation = find_column(str(folder), tags, "val_loss")
    return LossCurve(
        name=folder.name,
        learning_rates=every_step(np.array(lr_steps), np.array([rates[step] for step in lr_steps]), steps[-1] + 1),
        steps=np.array(steps),
        losses=np.array([losses[step] for step in steps]),
        final_validation=events.Scalars(tags[validation])[-1].value if isinstance(validation, int) else None,
    )

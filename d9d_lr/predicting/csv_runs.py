"""Runs of any trainer from CSV files: one file with `step,lr,loss`, or one for the loss and one for the rate.

One file has headings that `columns.KNOWN` lists, as Weights & Biases exports a run's history. TensorBoard, and a chart
of Weights & Biases, export one curve to a file: join two with a plus, `LOSS.csv+LR.csv`.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.loss_curve import LossCurve, every_step
from d9d_lr.predicting.columns import Wanted, find_column, only_value
from d9d_lr.predicting.tables_of_numbers import NumberTable, read_table

Points = list[tuple[int, float]]
"""Steps, rising, and a value at each."""


def read_csv_run(path: Path, wanted: Wanted) -> LossCurve:
    """Reads a run from one file with a step, a learning rate and a training loss; a validation loss is used if there.

    Cells may be empty where a step did not log a column.

    Raises:
        ConfigError: If a column is missing or unclear, or a number is none.
    """
    table = read_table(path)
    where, heads = str(path), table.heads
    found = {
        "step": find_column(where, heads, "step"),
        "lr": find_column(where, heads, "lr", wanted.lr),
        "loss": find_column(where, heads, "loss", wanted.loss),
    }
    problems = [place for place in found.values() if isinstance(place, Problem)]
    missing = [what for what, place in found.items() if place is None]
    if missing:
        problems.append(Problem(where, _missing(missing, heads), _hint(missing, heads)))
    if problems:
        raise ConfigError(problems)
    step, lr, loss = (place for place in found.values() if isinstance(place, int))
    val = find_column(where, heads, "val_loss")
    validation = _points(table, step, val, positive=True) if isinstance(val, int) else []
    return _run(path, _points(table, step, loss, positive=True), _points(table, step, lr, positive=False), validation)


def read_csv_pair(loss_path: Path, lr_path: Path, wanted: Wanted) -> LossCurve:
    """Reads a run from two files with a step and one curve each.

    Raises:
        ConfigError: As `read_csv_run`.
    """
    losses = _one_curve(loss_path, "loss", wanted.loss, positive=True)
    rates = _one_curve(lr_path, "lr", wanted.lr, positive=False)
    return _run(loss_path, losses, rates, [])


def _one_curve(path: Path, what: str, named: str | None, *, positive: bool) -> Points:
    table = read_table(path)
    step = find_column(str(path), table.heads, "step")
    value = find_column(str(path), table.heads, what, named)
    if value is None:
        value = only_value(table.heads)
    problems = [place for place in (step, value) if isinstance(place, Problem)]
    missing = [name for name, place in (("step", step), (what, value)) if place is None]
    if missing:
        problems.append(Problem(str(path), _missing(missing, table.heads), f"name it: --{what}-column HEADING"))
    if problems or not isinstance(step, int) or not isinstance(value, int):
        raise ConfigError(problems)
    return _points(table, step, value, positive=positive)


def _points(table: NumberTable, step: int, value: int, *, positive: bool) -> Points:
    steps = table.steps(step)
    return [(steps[line], number) for line, number in table.column(value, positive=positive)]


def _run(path: Path, losses: Points, rates: Points, validation: Points) -> LossCurve:
    problems = [
        Problem(str(path), f"no line holds a {what}")
        for what, points in (("loss", losses), ("lr", rates))
        if not points
    ]
    if not problems and not any(rate > 0 for _, rate in rates):
        problems = [Problem(str(path), "the learning rate is 0 throughout")]
    if problems:
        raise ConfigError(problems)
    total_steps = _total_steps([step for step, _ in losses])
    return LossCurve(
        name=path.stem,
        learning_rates=every_step(*_arrays(rates), total_steps),
        steps=_arrays(losses)[0],
        losses=_arrays(losses)[1],
        final_validation=validation[-1][1] if validation else None,
    )


def _total_steps(steps: list[int]) -> int:
    """Returns how many steps a run has: who logs every n-th step from 0 on has n behind the last one, others none."""
    gaps = np.diff(steps)
    return steps[-1] + (int(np.median(gaps)) if steps[0] == 0 and len(gaps) else 1)


def _arrays(points: Points) -> tuple[np.ndarray, np.ndarray]:
    return np.array([step for step, _ in points], dtype=np.int64), np.array([value for _, value in points])


def _missing(missing: list[str], heads: tuple[str, ...]) -> str:
    names = " and ".join(missing)
    return f"no column holds the {names}; there are {', '.join(heads)}"


def _hint(missing: list[str], heads: tuple[str, ...]) -> str:
    if only_value(heads) is not None and "step" not in missing:
        return "a file with one curve needs its other half: LOSS.csv+LR.csv"
    named = [f"--{what}-column HEADING" for what in missing if what != "step"]
    return f"name it: {' '.join(named)}" if named else "the headings step,lr,loss are understood, and some others"

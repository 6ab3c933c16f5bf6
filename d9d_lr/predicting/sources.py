"""The runs that a user names: run folders, sweep folders, CSV files, TensorBoard's event files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from d9d_lr.diagnostics.problems import ConfigError, Problem, RunError
from d9d_lr.laws.fit import fingerprint
from d9d_lr.laws.folder_runs import read_folder_run, run_folders
from d9d_lr.laws.loss_curve import LossCurve
from d9d_lr.predicting.columns import Wanted
from d9d_lr.predicting.csv_runs import read_csv_pair, read_csv_run
from d9d_lr.predicting.tensorboard_runs import EVENT_FILES, read_tensorboard_run


@dataclass(frozen=True)
class Sources:
    """What was read.

    Attributes:
        curves: The runs.
        left_out: What keeps runs of a folder of runs from being used; such a run that is named itself is an error.
    """

    curves: tuple[LossCurve, ...]
    left_out: tuple[Problem, ...]


def read_sources(named: Sequence[str], wanted: Wanted) -> Sources:
    """Reads every run that is named.

    Args:
        named: A run folder, a folder of runs, `FILE.csv`, `LOSS.csv+LR.csv`, or a folder of event files, each.
        wanted: Headings of columns, where they are named.

    Raises:
        ConfigError: With what is wrong with each.
        RunError: If a run folder is damaged.
    """
    curves: list[LossCurve] = []
    left_out: list[Problem] = []
    problems: list[Problem] = []
    for name in named:
        try:
            read = _read(name, wanted)
            curves.extend(read.curves)
            left_out.extend(read.left_out)
        except ConfigError as error:
            problems.extend(error.problems)
    if problems:
        raise ConfigError(problems)
    return _each_once(curves, left_out)


def _each_once(curves: Sequence[LossCurve], left_out: Sequence[Problem]) -> Sources:
    """Leaves out runs with the losses of an earlier one, and gives runs of one name a number each."""
    first: dict[str, LossCurve] = {}
    again: list[Problem] = []
    for curve in curves:
        same = first.setdefault(fingerprint(curve), curve)
        if same is not curve:
            again.append(Problem(curve.name, f"it has the learning rates and losses of {same.name}"))
    names = [curve.name for curve in first.values()]
    kept = [
        replace(curve, name=f"{curve.name} ({names[: place + 1].count(curve.name)})")
        if names.count(curve.name) > 1
        else curve
        for place, curve in enumerate(first.values())
    ]
    return Sources(tuple(kept), (*left_out, *again))


def _read(name: str, wanted: Wanted) -> Sources:
    path = Path(name)
    if path.is_dir():
        return _read_folder(path, wanted)
    if path.is_file():
        return Sources((read_csv_run(path, wanted),), ())
    loss, both, lr = name.partition(".csv+")
    if both:
        return Sources((read_csv_pair(Path(f"{loss}.csv"), Path(lr), wanted),), ())
    hint = "a run folder, a sweep folder, FILE.csv, LOSS.csv+LR.csv, or a folder of TensorBoard's event files"
    raise ConfigError([Problem(name, "there is no such file or folder", hint)])


def _read_folder(folder: Path, wanted: Wanted) -> Sources:
    runs = run_folders(folder)
    if runs == [folder]:
        return Sources((read_folder_run(folder, folder.name),), ())
    if runs:
        return _read_runs_below(folder, runs)
    if any(folder.glob(EVENT_FILES)):
        return Sources((read_tensorboard_run(folder, wanted),), ())
    hint = f"it needs run folders below it, or {EVENT_FILES}; name CSV files one by one"
    raise ConfigError([Problem(str(folder), "there is no run in this folder", hint)])


def _read_runs_below(folder: Path, runs: Sequence[Path]) -> Sources:
    curves: list[LossCurve] = []
    left_out: list[Problem] = []
    for run in runs:
        try:
            curves.append(read_folder_run(run, run.relative_to(folder).as_posix()))
        except ConfigError as error:
            left_out.extend(error.problems)
        except RunError as error:
            left_out.append(Problem("", str(error)))
    if not curves:
        raise ConfigError(left_out)
    return Sources(tuple(curves), tuple(left_out))

"""What a sweep left behind, for tests to compare."""

import csv
from pathlib import Path

from d9d_lr.runs.results import read_result
from d9d_lr.training.checkpoints import load_checkpoint
from helpers.kills import differences, differing

SMALL = (
    "task=digits", "task.width=8", "task.dropout=0.2", "train.batch_size=4", "train.eval_every=5", "train.log_every=1",
    "train.device=cpu",
)  # fmt: skip


def folders(sweep_folder):
    """The run folders of a sweep."""
    root = Path(sweep_folder)
    return sorted(path.name for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def times_run(sweep_folder):
    """How often the job of each point began."""
    return {name: len((Path(sweep_folder) / name / "times_run").read_text()) for name in folders(sweep_folder)}


def rows(sweep_folder):
    """The rows of sweep.csv."""
    with (Path(sweep_folder) / "sweep.csv").open() as file:
        return list(csv.DictReader(file))


def snapshot(root):
    """Everything below a folder, to say that nothing changed."""
    return {str(path): (path.read_bytes() if path.is_file() else None) for path in sorted(Path(root).rglob("*"))}


def all_differences(one, other):
    """In what the run folders of two sweeps differ, by name: every file, but for times and who trained what."""
    assert folders(one) == folders(other)
    found = {name: [*_of_folders(Path(one, name), Path(other, name))] for name in folders(one)}
    return {name: each for name, each in found.items() if each}


def _of_folders(one, other):
    yield from differences(one, other)
    named = [sorted(_named(path.relative_to(each)) for path in each.rglob("*")) for each in (one, other)]
    if named[0] != named[1]:
        yield f"files: {named[0]} and {named[1]}"
    for path in one.rglob("*"):
        place = path.relative_to(one)
        if path.suffix == ".pt":
            yield from (f"{place}: {what}" for what in _of_checkpoints(path, other / place))
        elif path.is_file() and not _has_times(place) and path.read_bytes() != (other / place).read_bytes():
            yield f"{place} differs"


def _has_times(place):
    """Whether a file has times or places in it: a log, a result, how a job was started, events."""
    return place.name in ("train.log", "result.json", "hydra.yaml") or place.name.startswith("events.")


def _named(place):
    return f"{place.parent}/events" if place.name.startswith("events.") else str(place)


def _of_checkpoints(one, other):
    first, second = (dict(vars(load_checkpoint(path)), seconds=0.0, began=0) for path in (one, other))
    return [name for name in first if differing(first[name], second[name])]


def own_steps(folder="s"):
    return [read_result(Path(folder, name)).trained_steps for name in folders(folder)]

"""What a sweep left behind, for tests to compare."""

import csv
from pathlib import Path

from d9d_lr.runs.results import read_result
from helpers.kills import differences

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
    assert folders(one) == folders(other)
    found = {name: differences(Path(one, name), Path(other, name)) for name in folders(one)}
    for name in folders(one):
        files = [
            sorted(str(path.relative_to(Path(each, name))) for path in Path(each, name).rglob("*"))
            for each in (one, other)
        ]
        assert files[0] == files[1]
        for file in (".hydra/config.yaml", ".hydra/overrides.yaml"):
            assert Path(one, name, file).read_bytes() == Path(other, name, file).read_bytes()
    return {name: each for name, each in found.items() if each}


def own_steps(folder="s"):
    return [read_result(Path(folder, name)).trained_steps for name in folders(folder)]

"""What a sweep left behind, for tests to compare."""

import csv
from pathlib import Path


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

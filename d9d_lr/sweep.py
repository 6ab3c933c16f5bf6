"""Sums a sweep up again from its folders: `python -m d9d_lr.sweep DIR`, console script `d9d-lr-sweep`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from d9d_lr.composing.cli import run_tool
from d9d_lr.sweeping.tables import show_outcome


def sweep(arguments: Sequence[str]) -> None:
    """Writes `sweep.csv` and `sweep.md` into the folder of a sweep, and shows the table."""
    parser = argparse.ArgumentParser(prog="d9d-lr-sweep", description="Sums a sweep up again from its run folders.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of a sweep (hydra.sweep.dir)")
    show_outcome(parser.parse_args(arguments).folder)


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(sweep, sys.argv[1:])


if __name__ == "__main__":
    main()

"""Sums a sweep up again from its folders: `python -m d9d_lr.sweep DIR`, console script `d9d-lr-sweep`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from d9d_lr.problems import RunError
from d9d_lr.sweeping.tables import show_outcome


def main() -> None:
    """Writes `sweep.csv` and `sweep.md` into the folder of a sweep, and shows the table.

    Raises:
        SystemExit: With status 1 if the folder holds no sweep.
    """
    parser = argparse.ArgumentParser(prog="d9d-lr-sweep", description="Sums a sweep up again from its run folders.")
    parser.add_argument("folder", type=Path, metavar="DIR", help="the folder of a sweep (hydra.sweep.dir)")
    try:
        show_outcome(parser.parse_args().folder)
    except (RunError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()

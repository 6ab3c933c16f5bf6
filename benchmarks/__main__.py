"""Measures every row, prints it, and writes the table: `make bench`, or `python -m benchmarks stepping` for some."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from benchmarks import scaling
from benchmarks.measuring import HEAD, measure

MODULES = ["stepping", "reading", "training", "starting", "sweeping"]
TABLE = Path(__file__).parent / "results.md"


def main(names: list[str]) -> None:
    """Measures the rows of the modules named, or all of them, which then stand in results.md.

    What grows comes first, while this process is small: a child's memory counts from that of its parent on.
    """
    growing: list[str] = []
    if not names or "scaling" in names:
        growing = _shown(["", scaling.HEAD, *map(scaling.line, scaling.rows())])
    lines: list[str] = []
    if measured := [name for name in names or MODULES if name != "scaling"]:
        rows = chain.from_iterable(importlib.import_module(f"benchmarks.{name}").rows() for name in measured)
        lines = _shown(chain([HEAD], (measure(row).line for row in rows)))
    lines += growing
    if not names:
        TABLE.write_text("\n".join([*_head(), *lines, ""]), encoding="utf-8")


def _shown(lines: Iterable[str]) -> list[str]:
    """Prints each line once it is there, and returns them."""
    shown = []
    for line in lines:
        print(line, flush=True)
        shown.append(line)
    return shown


def _head() -> list[str]:
    import torch

    versions = f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} cores"
    return [
        "# How fast",
        "",
        f"Written by `make bench`: {versions}. Work and peer are measured in turn in one process, and the ratio is the",
        "median of the rounds; the times are those of this machine, which had other work to do: the processor's,",
        "but for joblib and the first line. Below, what grows with its size: its seconds and the most memory it took.",
        "",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])

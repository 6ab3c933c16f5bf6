"""Measures every row, prints it, and writes the table: `make bench`, or `python -m benchmarks stepping` for some."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from benchmarks.measuring import HEAD, measure

MODULES = ["stepping", "reading", "training"]
TABLE = Path(__file__).parent / "results.md"


def main(names: list[str]) -> None:
    """Measures the rows of the modules named, or all of them, which then stand in results.md."""
    lines = [HEAD]
    print(HEAD)
    for name in names or MODULES:
        for row in importlib.import_module(f"benchmarks.{name}").rows():
            lines.append(measure(row).line)
            print(lines[-1], flush=True)
    if not names:
        TABLE.write_text("\n".join([*_head(), *lines, ""]), encoding="utf-8")


def _head() -> list[str]:
    import torch

    versions = f"Python {platform.python_version()}, torch {torch.__version__}, {os.cpu_count()} cores"
    return [
        "# How fast",
        "",
        f"Written by `make bench`: {versions}. Work and peer are measured in turn in one process, and the ratio is the",
        "median of the rounds; the times are those of the machine at hand, which had other work to do.",
        "",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])

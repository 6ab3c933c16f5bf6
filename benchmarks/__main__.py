"""Measures every row, prints it, and writes the table: `make bench`, or `python -m benchmarks stepping` for some."""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path

from benchmarks import scaling
from benchmarks.measuring import HEAD, measure

MODULES = ["stepping", "reading", "training", "starting", "sweeping"]
TABLE = Path(__file__).parent / "results.md"


def main(names: list[str]) -> None:
    """Measures the rows of the modules named, or all of them, which then stand in results.md."""
    lines = [HEAD]
    print(HEAD)
    for name in [name for name in names or MODULES if name != "scaling"]:
        for row in importlib.import_module(f"benchmarks.{name}").rows():
            lines.append(measure(row).line)
            print(lines[-1], flush=True)
    if not names or "scaling" in names:
        lines += ["", scaling.HEAD]
        print("", scaling.HEAD, sep="\n")
        for scale in scaling.rows():
            lines.append(scaling.line(scale))
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
        "median of the rounds; the times are those of this machine, which had other work to do: the processor's,",
        "but for joblib and the first line. Below, what grows with its size: its seconds and the most memory it took.",
        "",
    ]


if __name__ == "__main__":
    main(sys.argv[1:])

"""Writes the JSON Schema of an `lr` file: `python -m d9d_lr.schema`, `d9d-lr-schema`. Wiring only."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from d9d_lr.checking.lr_schema import lr_file_schema
from d9d_lr.composing.cli import run_tool
from d9d_lr.runs.atomic import write_text_whole

_DESCRIPTION = """\
Prints the JSON Schema of a schedule file, lr/NAME.yaml, or writes it:

  python -m d9d_lr.schema --out lr.schema.json

An editor with the YAML language server then completes and checks a file that starts with

  # yaml-language-server: $schema=../lr.schema.json
"""


def schema(arguments: Sequence[str]) -> None:
    """Prints or writes the schema."""
    options = _parser().parse_args(arguments)
    text = json.dumps(lr_file_schema(), indent=2) + "\n"
    if options.out:
        options.out.parent.mkdir(parents=True, exist_ok=True)
        write_text_whole(options.out, text)
    else:
        sys.stdout.write(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.schema", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", "-o", type=Path, help="a file; without it, the schema is printed")
    return parser


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(schema, sys.argv[1:])


if __name__ == "__main__":
    main()

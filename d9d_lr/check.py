"""Composes and validates every configuration file: `python -m d9d_lr.check`, `d9d-lr-check`. Wiring only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from d9d_lr.checking.files import Checked, check_all
from d9d_lr.checking.own_application import check_own
from d9d_lr.composing.cli import add_folder, add_own, run_tool
from d9d_lr.composing.own_application import is_application
from d9d_lr.composing.paths import SWEEPS_DIR, searched

_DESCRIPTION = """\
Composes and validates every schedule, phase group, experiment and sweep, and lists every problem with its file and key.
The exit status is 2 if there is any.

  python -m d9d_lr.check --config-dir my_conf

Where the folder holds a Hydra application of your own (a config.yaml), its schedules are checked as it composes them.
"""


def check(arguments: Sequence[str]) -> None:
    """Checks and tells.

    Raises:
        SystemExit: With status 2 if there are problems.
    """
    options = _parser().parse_args(arguments)
    count = problems = 0
    for checked in _checks(options):
        if checked.note:
            sys.stdout.write(f"not checked: {checked.file}: {checked.note}\n")
            continue
        count += 1
        problems += len(checked.problems)
        for problem in checked.problems:
            sys.stdout.write(f"{checked.file}: {problem}\n")
    found = "no problems" if not problems else "1 problem" if problems == 1 else f"{problems} problems"
    sys.stdout.write(f"checked {count} files: {found}\n")
    if problems:
        raise SystemExit(2)


def _checks(options: argparse.Namespace) -> Iterator[Checked]:
    folder = None if options.config_dir is None else searched(options.config_dir)
    if folder is not None and is_application(folder, options.config_name):
        return check_own(folder, options.config_name, options.key, options.total_steps)
    if folder is not None and folder == SWEEPS_DIR:  # checked anyway
        return check_all()
    return check_all(options.config_dir)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.check", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_folder(
        parser, "a folder of your own: lr/, experiment/ and sweep files", "the primary config of such an application"
    )
    add_own(parser)
    return parser


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(check, sys.argv[1:])


if __name__ == "__main__":
    main()

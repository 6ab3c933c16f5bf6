"""Predicts the loss under schedules that were not trained: `python -m d9d_lr.predict`. Wiring only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from rich.console import Console

from d9d_lr.composing.cli import add_words, run_tool
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.best import FAMILIES
from d9d_lr.laws.fit import EXPONENT, fit, fit_momentum
from d9d_lr.laws.law_file import read_law
from d9d_lr.plotting.figure import check_ending
from d9d_lr.predicting.asked import compose_asked, sweep_line
from d9d_lr.predicting.best_lines import print_best
from d9d_lr.predicting.columns import Wanted
from d9d_lr.predicting.fitting import fit_sources
from d9d_lr.predicting.loss_picture import loss_lines, print_losses, save_losses
from d9d_lr.predicting.rank_table import print_ranking, rank_asked, write_ranking
from d9d_lr.predicting.sources import read_sources

_DESCRIPTION = """\
From the loss curves of two finished runs, predicts the loss under other schedules, and so ranks them before any is
trained. The words for schedules are those of `python -m d9d_lr.train`; values that sweep are ranked together:

  python -m d9d_lr.predict fit outputs/wsd outputs/cosine -o law.json
  python -m d9d_lr.predict rank law.json lr=wsd lr.phases.1.percentage=0.4,0.6,0.8
  python -m d9d_lr.predict curve law.json lr=wsd --against outputs/wsd
  python -m d9d_lr.predict best law.json
"""

_WIDE = 240
"""Width of tables that go to a file or a pipe, where nothing wraps."""

LAWS = ("multi-power", "momentum")

_COMMANDS = {
    "fit": "fit a law on finished runs",
    "rank": "rank schedules by their predicted final loss",
    "curve": "draw predicted loss curves",
    "best": "find the best hold and decay by the law",
}


def predict(arguments: Sequence[str]) -> None:
    """Does what one of the commands asks for."""
    command = _command_parser().parse_args(arguments[:1]).command
    parser = argparse.ArgumentParser(prog=f"python -m d9d_lr.predict {command}", description=_COMMANDS[command])
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)
    match command:
        case "fit":
            _fit(parser, arguments[1:], console)
        case "rank":
            _rank(parser, arguments[1:], console)
        case "curve":
            _curve(parser, arguments[1:], console)
        case _:
            _best(parser, arguments[1:], console)


def _fit(parser: argparse.ArgumentParser, arguments: Sequence[str], console: Console) -> None:
    runs = "run folders, folders of runs, CSV files with step,lr,loss, LOSS.csv+LR.csv, folders of event files"
    parser.add_argument("runs", nargs="+", metavar="RUN", help=runs)
    parser.add_argument("--out", "-o", type=Path, default=Path("law.json"), help="the law file; law.json by default")
    parser.add_argument(
        "--law", choices=LAWS, default=LAWS[0], help="the multi-power law, or the momentum law to compare it with"
    )
    parser.add_argument("--exponent", type=_exponent, help=f"q of the multi-power law; {EXPONENT:g}, or 1 as its paper")
    parser.add_argument("--loss-column", metavar="HEADING", help="which column of a CSV file is the training loss")
    parser.add_argument("--lr-column", metavar="HEADING", help="which column of a CSV file is the learning rate")
    options = parser.parse_intermixed_args(arguments)
    wanted = Wanted(options.loss_column, options.lr_column)
    if options.law == "momentum" and options.exponent is not None:
        raise ConfigError([Problem("--exponent", "the momentum law has none; it is for --law multi-power")])
    fit_one = fit_momentum if options.law == "momentum" else partial(fit, exponent=options.exponent or EXPONENT)
    fit_sources(options.runs, wanted, fit_one, options.out, console)


def _rank(parser: argparse.ArgumentParser, arguments: Sequence[str], console: Console) -> None:
    _add_schedules(parser)
    parser.add_argument("--top", type=_positive, default=20, metavar="N", help="rows to print; 20 by default")
    parser.add_argument("--anyway", action="store_true", help="rank also where the law does not know")
    parser.add_argument("--run", type=_positive, metavar="K", help="print what to type to train the K first")
    parser.add_argument("--out", "-o", type=Path, help="a CSV file for all rows")
    options = parser.parse_intermixed_args(arguments)
    law = read_law(options.law)
    asked = compose_asked(law, options.overrides, config_dir=options.config_dir, config_name=options.config_name)
    everything, ranking = rank_asked(law, asked, anyway=options.anyway)
    print_ranking(console, law, everything, ranking, top=options.top)
    if options.run:
        first = [everything[row.index] for row in ranking.rows if not everything[row.index].is_rule]
        line = sweep_line(first[: options.run], options.config_dir, options.config_name)
        console.print(line, soft_wrap=True, markup=False)
    if options.out:
        write_ranking(options.out, everything, ranking)
        console.print(f"wrote {options.out}", soft_wrap=True, markup=False)


def _curve(parser: argparse.ArgumentParser, arguments: Sequence[str], console: Console) -> None:
    _add_schedules(parser)
    parser.add_argument("--against", metavar="RUN", help="a finished run to draw too")
    parser.add_argument("--out", "-o", type=Path, help="a .png, .svg or .pdf file; without it, in the terminal")
    options = parser.parse_intermixed_args(arguments)
    if options.out:
        check_ending(options.out)
    law = read_law(options.law)
    asked = compose_asked(law, options.overrides, config_dir=options.config_dir, config_name=options.config_name)
    against = read_sources([options.against], Wanted()).curves if options.against else ()
    if len(against) > 1:
        raise ConfigError([Problem("--against", f"{options.against} holds {len(against)} runs", "name one of them")])
    lines = loss_lines(law, asked, against[0] if against else None)
    if options.out:
        save_losses(options.out, lines)
        console.print(f"wrote {options.out}", soft_wrap=True, markup=False)
    else:
        print_losses(console, lines)


def _best(parser: argparse.ArgumentParser, arguments: Sequence[str], console: Console) -> None:
    parser.add_argument("law", type=Path, help="a law file")
    parser.add_argument("--family", choices=sorted(FAMILIES), default="wsd", help="the decay; wsd tries all")
    parser.add_argument("--steps", type=_positive, help="steps of the run; those of the fitted runs by default")
    options = parser.parse_intermixed_args(arguments)
    law = read_law(options.law)
    print_best(console, law, options.family, options.steps or law.total_steps)


def _command_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.predict", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    meanings = "; ".join(f"{name}: {what}" for name, what in _COMMANDS.items())
    parser.add_argument("command", choices=_COMMANDS, metavar="COMMAND", help=f"{meanings}. COMMAND --help says more")
    return parser


def _add_schedules(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("law", type=Path, help="a law file")
    add_words(parser)


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{value} is not allowed; it must be at least 1")
    return value


def _exponent(text: str) -> float:
    value = float(text)
    if not 0 < value <= 2:
        raise argparse.ArgumentTypeError(f"{value:g} is not allowed; it must be above 0 and at most 2")
    return value


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(predict, sys.argv[1:])


if __name__ == "__main__":
    main()

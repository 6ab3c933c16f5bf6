"""Draws schedules without training them: `python -m d9d_lr.plot`, console script `d9d-lr-plot`. Wiring only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from d9d_lr.composing.cli import add_own, add_words, run_tool
from d9d_lr.config.advice import advice_for, without_defaults
from d9d_lr.plotting.figure import check_ending, draw, save
from d9d_lr.plotting.quantity import panels_of
from d9d_lr.plotting.series import Asked, Series, compose_series
from d9d_lr.plotting.terminal import print_phases, print_plot
from d9d_lr.plotting.window import Window, parse_zoom

_DESCRIPTION = """\
Draws the schedule that `python -m d9d_lr.train` would run with the same words, without training it.
Values that sweep are drawn over one another:

  python -m d9d_lr.plot lr=wsd lr.phases.0.steps=50,100,200 --out warmups.png
  python -m d9d_lr.plot lr=wsd,warmup_cosine train.total_steps=20000
  python -m d9d_lr.plot -cd sweeps -cn warmup_length

With the folder of a Hydra application of your own, the schedules in its configuration are drawn:

  python -m d9d_lr.plot -cd conf -cn config lr.phases.0.steps=50,100
  python -m d9d_lr.plot -cd conf --key generator_lr --total-steps trainer.max_steps
"""


def plot(arguments: Sequence[str]) -> None:
    """Composes, draws in the terminal or into a file, prints the phases and what is worth a second look."""
    options = _parser().parse_intermixed_args(arguments)
    if options.out:
        check_ending(options.out)
    first, last = parse_zoom(options.zoom) if options.zoom else (0, None)
    window = Window(first, last, options.log_x, options.log_y)
    asked = Asked(options.key, options.total_steps)
    composed = compose_series(
        options.overrides, config_dir=options.config_dir, config_name=options.config_name, asked=asked
    )
    panels = panels_of(options.y, composed)
    series = [one for panel in panels for one in panel.series]
    console = Console(highlight=False)
    if options.out:
        save(draw(panels, window), options.out)
    else:
        for panel in panels:
            print_plot(console, panel, window)
    print_phases(console, series)
    _print_advice(panels[0].series, options.overrides)
    if options.out:
        console.print(f"wrote {options.out}", soft_wrap=True, markup=False)


def _print_advice(series: Sequence[Series], typed: Sequence[str]) -> None:
    """Prints each kind of remark once, with the schedules that it is about where it is not about all of them."""
    about: dict[tuple[str, str], dict[str, list[str]]] = {}
    for one in series:
        for advice in without_defaults(advice_for(one.schedule, one.key, one.free_position), typed):
            about.setdefault((advice.kind, advice.key), {}).setdefault(str(advice), []).append(one.label)
    for remarks in about.values():
        (text, labels), *others = remarks.items()
        where = "" if len(labels) == len(series) else f" [{'; '.join(labels)}]"
        more = sum(len(labels) for _, labels in others)
        alike = f" (the same, with other numbers, for {more} more)" if more else ""
        sys.stderr.write(f"{text}{where}{alike}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.plot", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_words(parser)
    add_own(parser)
    parser.add_argument("--out", "-o", type=Path, help="a .png, .svg or .pdf file; without it, a plot in the terminal")
    parser.add_argument("--y", choices=["lr", "multiplier"], help="what to draw; the learning rate by default")
    parser.add_argument("--log-x", action="store_true", help="steps on a logarithmic axis, for a short warmup")
    parser.add_argument("--log-y", action="store_true", help="values on a logarithmic axis")
    parser.add_argument("--zoom", metavar="A:B", help="only the steps from A to B")
    parser.add_argument("--multirun", "-m", action="store_true", help="accepted and not needed: values sweep anyway")
    return parser


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(plot, sys.argv[1:])


if __name__ == "__main__":
    main()

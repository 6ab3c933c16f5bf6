"""Writes a schedule in the form of another system: `python -m d9d_lr.export`, `d9d-lr-export`. Wiring only."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from d9d_lr.composing.cli import add_own, add_words, run_tool
from d9d_lr.config.build import build_schedule
from d9d_lr.config.scheduler_fields import BATCH_SIZE
from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.exporting.d9d import to_d9d
from d9d_lr.exporting.megatron import ramp_flags, to_megatron
from d9d_lr.exporting.values import csv_lines, greatest_difference, table_bytes
from d9d_lr.plotting.series import Asked, Series, compose_series
from d9d_lr.runs.atomic import write_whole
from d9d_lr.schedule.batch_sizes import BatchSizes

_DESCRIPTION = """\
Writes the schedule that `python -m d9d_lr.train` would run with the same words in the form of another system:

  python -m d9d_lr.export lr=systems/olmo_core_wsd --to d9d --out schedule.json
  python -m d9d_lr.export lr=models/deepseek_v3 lr.stretch=true --to csv --out schedule.csv
  python -m d9d_lr.export lr=warm_restarts --to optax --out schedule.npy
  python -m d9d_lr.export lr=wsd --to megatron

  d9d       JSON that the d9d framework reads, and d9d_lr; what d9d lacks is lowered where that is exact
  csv       the step, its multiplier and its learning rate, and its batch if that is scheduled, a line for each step
  optax     learning rates in a file of numpy's: lambda step: table[jnp.clip(step, 0, len(table) - 1)]
  megatron  the flags of Megatron-LM, where they can say it

What cannot be said is refused, with the reason.
"""

T = TypeVar("T")


def export(arguments: Sequence[str]) -> None:
    """Composes one schedule and writes it."""
    options = _parser().parse_intermixed_args(arguments)
    one, batch = _composed(options)
    if batch is not None and options.to in ("d9d", "optax"):
        sys.stderr.write(f"the batch sizes of {batch.key} are not in it: {options.to} has no place for them\n")
    match options.to:
        case "d9d":
            _write(options.out, [_d9d(one)])
        case "csv":
            _write(options.out, csv_lines(one.schedule, one.base_lr, one.total_steps, _sizes(batch)))
        case "megatron":
            _write(options.out, [" \\\n".join(_megatron(one, batch)) + "\n"])
        case _:
            if options.out is None:
                raise ConfigError([Problem("--out", "is missing: the table is a file", "type --out schedule.npy")])
            table = table_bytes(one.schedule, one.base_lr, one.total_steps)
            write_whole(options.out, lambda file: file.write(table))


def _composed(options: argparse.Namespace) -> tuple[Series, Series | None]:
    """Returns the schedule, and that of the batch size where there is one."""
    asked = Asked(options.key, options.total_steps)
    series = compose_series(
        options.overrides, config_dir=options.config_dir, config_name=options.config_name, asked=asked
    )
    batch = next((one for one in series if one.name == BATCH_SIZE), None)
    others = [one for one in series if one is not batch]
    if len(others) > 1:
        raise ConfigError([Problem("", f"one schedule is exported, and these words give {len(others)}")])
    return others[0], batch


def _sizes(batch: Series | None) -> BatchSizes | None:
    return BatchSizes(batch.schedule, int(batch.base_lr)) if batch and batch.base_lr else None


def _d9d(one: Series) -> str:
    lowered = _below(one, lambda: to_d9d(one.config, one.schedule))
    if lowered != one.config:
        found = greatest_difference(one.schedule, build_schedule(lowered, one.total_steps), one.total_steps)
        sys.stderr.write(f"lowered for a run of {one.total_steps} steps; the greatest difference is {found:.1e}\n")
    return lowered.model_dump_json(indent=2) + "\n"


def _megatron(one: Series, batch: Series | None) -> list[str]:
    base_lr = one.base_lr
    if base_lr is None:
        raise ConfigError([Problem("--to", "Megatron's flags are learning rates, and the base of these is not known")])
    sizes = _sizes(batch)
    ramp = None if batch is None or sizes is None else _below(batch, lambda: ramp_flags(batch.config, sizes))
    return _below(one, lambda: [*to_megatron(one.schedule, base_lr, one.total_steps, sizes), *(ramp or [])])


def _below(one: Series, call: Callable[[], T]) -> T:
    """Returns what a call returns; its problems are those of the schedule's section."""
    try:
        return call()
    except ConfigError as error:
        raise ConfigError(problem.below(one.key) for problem in error.problems) from None


def _write(out: Path | None, parts: Iterable[str]) -> None:
    if out is None:
        sys.stdout.writelines(parts)
    else:
        write_whole(out, lambda file: file.writelines(part.encode() for part in parts))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m d9d_lr.export", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add_words(parser)
    add_own(parser)
    parser.add_argument("--to", required=True, choices=["d9d", "csv", "optax", "megatron"], help="the form")
    parser.add_argument("--out", "-o", type=Path, help="a file; without it, text is printed")
    return parser


def main() -> None:
    """Runs the command on the command line's arguments."""
    run_tool(export, sys.argv[1:])


if __name__ == "__main__":
    main()

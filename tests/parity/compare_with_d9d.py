"""Compares m(t) with PyPI's d9d on random schedules, bit by bit. `make parity` runs it in an environment with both.

Where a percentage of `total_steps` is a whole number in decimals and floating point falls below it (0.57 of 10 000),
d9d ends the phase one step early. Those schedules are counted apart; there must be no other difference.
"""

import argparse
import struct
import sys
import types
from fractions import Fraction
from importlib.metadata import version
from math import floor
from pathlib import Path

import torch
from random_schedules import random_schedule, steps_to_compare

import d9d_lr

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from canon.cases import PRESETS
from canon.compare import config_of, schedule_of
from d9d_lr.exporting.d9d import to_d9d

ROUNDING = 4e-15
"""What the values of a lowered schedule may be away from the original's: its formula is written in another way."""


def import_d9d():
    """Imports d9d's schedules and providers without what they do not need: `d9d.loop` imports the trainer."""
    import d9d

    for name in ("d9d.loop", "d9d.loop.auto", "d9d.loop.control", "d9d.core.dist_context"):
        package = types.ModuleType(name)
        package.__path__ = [str(Path(d9d.__file__).parent.joinpath(*name.split(".")[1:]))]
        sys.modules[name] = package
    sys.modules["d9d.core.dist_context"].DistributedContext = object
    from d9d.loop.control import lr_scheduler_provider as control

    vars(sys.modules["d9d.loop.control"]).update(vars(control))
    from d9d.core.protocol import LRSchedulerProtocol
    from d9d.loop.auto import auto_lr_scheduler

    return auto_lr_scheduler, control.LRSchedulerProvider, LRSchedulerProtocol


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def context(control_optimizer, total_steps):
    return d9d_lr.InitializeLRSchedulerContext(
        dist_context=d9d_lr.DistributedContext(), total_steps=total_steps, optimizer=control_optimizer
    )


def floors_differ(schedule, total_steps):
    """Whether floating point ends a percentage phase at another step than the decimal does."""
    fractions = [phase["percentage"] for phase in schedule["phases"] if phase["mode"] == "percentage"]
    return any(int(total_steps * part) != floor(total_steps * Fraction(str(part))) for part in fractions)


class Comparison:
    """Counts what was compared and what differed, and prints the first few differences."""

    def __init__(self, theirs):
        self.theirs = theirs
        self.counts = dict.fromkeys(
            (
                "schedules compared",
                "steps compared",
                "steps that differ",
                "learning rates compared through an optimizer",
                "learning rates that differ",
                "exact-percentage schedules, counted apart",
                "exact-percentage schedules that d9d refuses",
                "exact-percentage schedules that differ, as expected",
                "runs of presets exported",
                "runs of presets that d9d has no words for",
                "steps of exported presets compared",
                "steps of exported presets that differ",
            ),
            0,
        )

    def compare(self, seed):
        """Compares one random schedule."""
        flat, total_steps = random_schedule(seed)
        ours = d9d_lr.AutoLRSchedulerConfig.model_validate(flat)
        their_config = self.theirs.PiecewiseConfig.model_validate_json(ours.model_dump_json())
        schedule = d9d_lr.build_schedule(ours, total_steps)
        steps = list(steps_to_compare(flat, total_steps, seed))
        if floors_differ(flat, total_steps):
            self._count_apart(schedule, their_config, total_steps, steps)
            return
        different = different_steps(schedule, self._their_scheduler(their_config, total_steps).lr_lambdas[0], steps)
        for step in different[:3]:
            print(f"seed {seed}, step {step}: {schedule.multiplier(step)!r} here")
        self.counts["schedules compared"] += 1
        self.counts["steps compared"] += len(steps)
        self.counts["steps that differ"] += len(different)
        if seed % 50 == 0:
            self._compare_schedulers(ours, their_config, total_steps)

    def compare_exported(self):
        """Compares every preset that can be exported, as d9d reads it, with what it is here."""
        for name, preset in PRESETS.items():
            for case in preset.cases:
                try:
                    exported = to_d9d(config_of(name, case), schedule_of(name, case))
                except d9d_lr.ConfigError:
                    self.counts["runs of presets that d9d has no words for"] += 1
                    continue
                read = self.theirs.PiecewiseConfig.model_validate_json(exported.model_dump_json())
                theirs = self._their_scheduler(read, case.total_steps).lr_lambdas[0]
                schedule, steps = d9d_lr.build_schedule(exported, case.total_steps), list(case.steps)
                self.counts["runs of presets exported"] += 1
                self.counts["steps of exported presets compared"] += len(steps)
                far = [
                    step for step in steps if abs(schedule_of(name, case).multiplier(step) - theirs(step)) > ROUNDING
                ]
                different = {*far, *different_steps(schedule, theirs, steps)}
                self.counts["steps of exported presets that differ"] += len(different)
                if different:
                    print(f"{name} {case.overrides}: {len(different)} steps differ, the first is {min(different)}")

    def _count_apart(self, schedule, their_config, total_steps, steps):
        self.counts["exact-percentage schedules, counted apart"] += 1
        try:
            theirs = self._their_scheduler(their_config, total_steps).lr_lambdas[0]
        except ValueError:  # ends one step before the phase in front of it
            self.counts["exact-percentage schedules that d9d refuses"] += 1
        else:
            differs = bool(different_steps(schedule, theirs, steps))
            self.counts["exact-percentage schedules that differ, as expected"] += differs

    def _compare_schedulers(self, ours, their_config, total_steps):
        mine = d9d_lr.AutoLRSchedulerProvider(ours)(context(optimizer(), total_steps))
        theirs = self._their_scheduler(their_config, total_steps)
        for _ in range(min(total_steps + 2, 100)):
            same = same_bits(mine.get_last_lr()[0], theirs.get_last_lr()[0])
            self.counts["learning rates compared through an optimizer"] += 1
            self.counts["learning rates that differ"] += not same
            for scheduler in (mine, theirs):
                scheduler.optimizer.step()
                scheduler.step()

    def _their_scheduler(self, their_config, total_steps):
        return self.theirs.AutoLRSchedulerProvider(their_config)(context(optimizer(), total_steps))


def different_steps(schedule, their_multiplier, steps):
    """The steps where the scalar or the vectorised form differs from d9d in any bit."""
    arrays = schedule.multipliers(steps).tolist()
    return [
        step
        for step, vectorised, expected in zip(steps, arrays, map(their_multiplier, steps), strict=True)
        if not (same_bits(schedule.multiplier(step), expected) and same_bits(vectorised, expected))
    ]


def same_bits(one, other):
    return struct.pack("<d", one) == struct.pack("<d", other)


def check_protocols(their_provider, their_scheduler):
    """Whether d9d's own protocols accept our provider and our scheduler."""
    provider = d9d_lr.AutoLRSchedulerProvider(d9d_lr.compose_lr(["lr=wsd"]))
    scheduler = provider(context(optimizer(), 1000))
    accepted = isinstance(provider, their_provider), isinstance(scheduler, their_scheduler)
    print(f"d9d's LRSchedulerProvider accepts our provider: {accepted[0]}")
    print(f"d9d's LRSchedulerProtocol accepts our scheduler: {accepted[1]}")
    return all(accepted)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=25_000)
    wanted = parser.parse_args().schedules
    theirs, their_provider, their_scheduler = import_d9d()
    comparison = Comparison(theirs)
    for seed in range(wanted):
        comparison.compare(seed)
    comparison.compare_exported()

    print(f"d9d {version('d9d')}, torch {torch.__version__}")
    for name, count in comparison.counts.items():
        print(f"{name}: {count:,}")
    accepted = check_protocols(their_provider, their_scheduler)
    different = sum(count for name, count in comparison.counts.items() if name.endswith("that differ"))
    return int(different > 0 or not accepted)


if __name__ == "__main__":
    sys.exit(main())

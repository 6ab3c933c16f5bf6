"""`scheduler.step()` against torch's LambdaLR, and against the loop that a person would write by hand.

A step of training is an optimizer's step and a scheduler's; the guard hears of both, so its part in the optimizer's is
counted with ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.optim.lr_scheduler import LambdaLR

from benchmarks.measuring import Row, each_of
from d9d_lr import PiecewiseLR, Schedule, build_schedule, compose_lr

TOTAL_STEPS = 10_000_000
"""So long that no measurement comes to the end of the schedule."""


def rows() -> Iterator[Row]:
    """One param group, and a thousand."""
    schedule = build_schedule(compose_lr(["lr=warmup_hold_cosine"]), TOTAL_STEPS)
    one, many = 5_000, 50
    yield Row(
        "`scheduler.step()`, 1 group",
        "torch's `LambdaLR` of the same multiplier",
        each_of(_ours(schedule, 1), one),
        each_of(_torchs(schedule, 1), one),
        goal=0.6,
    )
    yield Row(
        "`scheduler.step()`, 1 000 groups",
        'a loop that writes `group["lr"]`',
        each_of(_ours(schedule, 1_000), many),
        each_of(_by_hand(schedule, 1_000), many),
        goal=1.5,
    )
    yield Row(
        "`scheduler.step()`, 1 000 groups",
        "torch's `LambdaLR` of the same multiplier",
        each_of(_ours(schedule, 1_000), many),
        each_of(_torchs(schedule, 1_000), many),
    )


def _optimizer(groups: int) -> torch.optim.Optimizer:
    made = torch.optim.SGD([{"params": [torch.nn.Parameter(torch.zeros(1))]} for _ in range(groups)], lr=0.1)
    made.step()
    return made


def _ours(schedule: Schedule, groups: int) -> Callable[[], None]:
    scheduler = PiecewiseLR(_optimizer(groups), schedule)
    optimizer_stepped = scheduler._guard.optimizer_stepped

    def step() -> None:
        optimizer_stepped()
        scheduler.step()

    return step


def _torchs(schedule: Schedule, groups: int) -> Callable[[], None]:
    scheduler = LambdaLR(_optimizer(groups), schedule.multiplier)
    scheduler.optimizer.step()  # or it warns

    def step() -> None:
        scheduler.step()

    return step


def _by_hand(schedule: Schedule, groups: int) -> Callable[[], None]:
    optimizer = _optimizer(groups)
    base_lrs, at = [group["lr"] for group in optimizer.param_groups], 0

    def step() -> None:
        nonlocal at
        at += 1
        multiplier = schedule.multiplier(at)
        for group, base_lr in zip(optimizer.param_groups, base_lrs, strict=True):
            group["lr"] = base_lr * multiplier

    return step

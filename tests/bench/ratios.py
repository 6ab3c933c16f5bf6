"""How fast, as ratios of two measurements on the same machine. `make bench` runs it."""

import subprocess
import sys
import time

import torch
from torch.optim.lr_scheduler import LambdaLR

from d9d_lr import (
    AutoLRSchedulerProvider,
    DistributedContext,
    InitializeLRSchedulerContext,
    build_schedule,
    compose_lr,
)

STEPS = 100_000
REPEATS = 5


def seconds(function):
    """The fastest of several runs."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return min(times)


def optimizer():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1)) for _ in range(1)], lr=0.1)


def stepping(scheduler, steps=10_000):
    scheduler.optimizer.step()

    def run():
        for _ in range(steps):
            scheduler.step()

    return seconds(run) / steps


def import_seconds(code):
    return seconds(lambda: subprocess.run([sys.executable, "-c", code], check=True))


def main():
    config = compose_lr(["lr=warmup_hold_cosine"])
    schedule = build_schedule(config, STEPS)
    vectorised = seconds(lambda: schedule.multipliers(range(STEPS)))
    scalar = seconds(lambda: [schedule.multiplier(step) for step in range(STEPS)])
    print(f"{STEPS} multipliers: vectorised {vectorised:.4f} s, each {scalar:.4f} s: {scalar / vectorised:.1f} times")

    given = optimizer()
    context = InitializeLRSchedulerContext(dist_context=DistributedContext(), total_steps=STEPS, optimizer=given)
    ours = stepping(AutoLRSchedulerProvider(config)(context))
    lambda_lr = stepping(LambdaLR(optimizer(), schedule.multiplier))
    print(f"scheduler.step: {ours * 1e6:.2f} us, torch LambdaLR {lambda_lr * 1e6:.2f} us: {ours / lambda_lr:.2f} times")

    compose = "from d9d_lr import compose_lr; compose_lr()"
    without, with_torch = import_seconds(compose), import_seconds(f"import torch; {compose}")
    print(f"compose_lr, cold start: {without:.2f} s, with torch {with_torch:.2f} s: {with_torch / without:.1f} times")


if __name__ == "__main__":
    main()

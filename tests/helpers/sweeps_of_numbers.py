"""Sweeps made of numbers whose truth is known: objectives by schedule, learning rate and seed, without any folder."""

from d9d_lr.comparing.folding import Outcome


def outcomes_of(table, **options):
    """Points of a grid: `table[schedule, rate, seed]` holds the objective of each."""
    return [
        Outcome(
            {"lr": f"s{schedule}", "optimizer.lr": f"{10.0 ** (rate - 4):g}", "train.seed": str(seed)},
            "completed",
            float(value),
            **options,
        )
        for schedule, rates in enumerate(table)
        for rate, seeds in enumerate(rates)
        for seed, value in enumerate(seeds)
    ]

"""Loss curves for tests: made by a known law, or read from the data beside the checkout where that is there."""

import csv
from collections import defaultdict

import numpy as np
import pytest

from d9d_lr.laws.fixed_rules import cosine_to_zero, linear_to_zero, wsd_20
from d9d_lr.laws.footprint import footprint
from d9d_lr.laws.loss_curve import LossCurve, every_step
from d9d_lr.laws.multi_power import MultiPower

PEAK = 0.01
TRUE = MultiPower(2.0, 0.3, 0.5, 0.12, 0.03, 0.55, 0.5, reference_progress=800.0)


def shapes(total=1000, warmup=50):
    """Multipliers by name."""
    steps = np.arange(total)
    up = np.minimum(1.0, steps / warmup)
    return {
        "wsd": wsd_20(total, warmup),
        "cosine": cosine_to_zero(total, warmup),
        "linear": linear_to_zero(total, warmup),
        "constant": up,
        "late": up * np.clip((total - steps) / (0.05 * total), 0.0, 1.0),
        "twostage": up * np.where(steps < total // 2, 1.0, 0.3),
    }


def made(name, *, total=1000, noise=0.0, seed=0, peak=PEAK, law=TRUE, validation=None):
    """A run whose loss follows a law; runs of one seed share their noise."""
    rates = peak * shapes(total)[name]
    steps = np.arange(total)
    losses = law.losses(footprint(rates, np.maximum(steps, 1), reference_lr=peak, exponent=0.8))
    losses = losses * np.exp(noise * np.random.default_rng(seed).standard_normal(total))
    return LossCurve(name, rates, steps, losses, None if validation is None else float(losses[-1] + validation))


def write_csv(path, curve, heads="step,lr,loss", every=1):
    """Writes a run as `step,lr,loss`."""
    rows = [
        f"{step},{curve.learning_rates[step]:.10g},{loss:.10g}"
        for step, loss in zip(curve.steps[::every].tolist(), curve.losses[::every].tolist(), strict=True)
    ]
    path.write_text("\n".join([heads, *rows]) + "\n")
    return path


def published(repo):
    """The nine published curves by name."""
    folder = _data(repo) / "loss_curves_25m"
    return {path.stem: _read(path, path.stem, None) for path in sorted(folder.glob("*.csv"))}


def small_runs(repo):
    """The 112 small runs: family, then seed, then schedule."""
    folder = _data(repo) / "small_runs"
    found = defaultdict(lambda: defaultdict(dict))
    with (folder / "index.csv").open() as file:
        for row in csv.DictReader(file):
            family = f"{row['task']} {row['optimizer']} {row['peak_lr']}"
            curve = _read(folder / f"{row['name']}.csv", row["schedule"], float(row["final_val_loss"]))
            found[family][row["seed"]][row["schedule"]] = curve
    return found


def _data(repo):
    folder = repo.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"needs the measured loss curves, which are not part of the package: no {folder}")
    return folder


def _read(path, name, validation):
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    steps = table[:, 0].astype(np.int64)
    return LossCurve(name, every_step(steps, table[:, 1], int(steps[-1]) + 1), steps, table[:, 2], validation)

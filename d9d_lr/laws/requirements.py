"""What a law needs of the runs that it is fitted on, and what to run where they lack it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from d9d_lr.diagnostics.problems import ConfigError, Problem
from d9d_lr.laws.footprint import FloatArray
from d9d_lr.laws.loss_curve import SKIPPED, LossCurve, thin
from d9d_lr.laws.noise import end_noise

FEWEST_POINTS = 20
SAME_PEAK = 0.02  # relative
HOLDS, HALFWAY = 0.95, 0.45  # of the peak, after so much of the run
DECAYS, LATER = 0.85, 0.6
CONTRAST = 0.02  # mean difference of two schedules over the peak
MOST_NOISE = 0.02  # relative: how well the end of one run must be known beside that of another

_PAIR = (
    "run two with one seed, one that holds and one that decays from early on: "
    "lr=wsd lr/decay@lr.phases.2=linear_to_zero, and lr=warmup_cosine lr/decay@lr.phases.1=cosine_to_zero"
)


def check_runs(curves: Sequence[LossCurve]) -> None:
    """Refuses runs that a law cannot be fitted on.

    Raises:
        ConfigError: With everything that is missing, and what to run to mend it.
    """
    problems = [problem for curve in curves for problem in _too_short(curve)]
    problems = problems or [*_peaks(curves), *_contrast(curves)] or _noise(curves)
    if problems:
        raise ConfigError(problems)


def holds(rates: FloatArray) -> bool:
    """Whether a schedule, given by the learning rate of every step, is at its peak until about halfway."""
    return _relative(rates, HALFWAY) >= HOLDS


def decays(rates: FloatArray) -> bool:
    """Whether a schedule is well below its peak before two thirds of it are over."""
    return _relative(rates, LATER) <= DECAYS


def _relative(rates: FloatArray, fraction: float) -> float:
    return float(rates[int(fraction * len(rates))] / rates.max())


def _too_short(curve: LossCurve) -> list[Problem]:
    first = max(curve.warmup_steps, int(SKIPPED * curve.total_steps))
    points = int((curve.steps >= first).sum())
    if points >= FEWEST_POINTS:
        return []
    where = f"after step {first}, beyond the warmup and a quarter of the run"
    message = f"{points} logged losses {where}; a law needs {FEWEST_POINTS}"
    return [Problem(curve.name, message, "log more often, as in train.log_every=1")]


def _peaks(curves: Sequence[LossCurve]) -> list[Problem]:
    peaks = {curve.name: curve.peak_lr for curve in curves}
    if max(peaks.values()) <= min(peaks.values()) * (1.0 + SAME_PEAK):
        return []
    shown = ", ".join(f"{name}: {peak:g}" for name, peak in list(peaks.items())[:6])
    message = f"the runs have different peak learning rates ({shown}{', ...' if len(peaks) > 6 else ''})"
    return [Problem("", message, "a law holds at one peak: name the runs of one, and fit another law for another")]


def _contrast(curves: Sequence[LossCurve]) -> list[Problem]:
    if len(curves) == 1:
        return [Problem("", "one run alone ranks no better than chance; a law needs two", _PAIR)]
    problems = []
    if not any(holds(curve.learning_rates) for curve in curves):
        message = f"no run holds its peak: all are below {HOLDS:g} of it after {HALFWAY:.0%} of their steps"
        problems.append(Problem("", message, "run one more: lr=wsd lr/decay@lr.phases.2=linear_to_zero"))
    if not any(decays(curve.learning_rates) for curve in curves):
        message = (
            f"no run decays from early on: all are above {DECAYS:g} of their peak after {LATER:.0%} of their steps"
        )
        hint = "run one more: lr=warmup_cosine lr/decay@lr.phases.1=cosine_to_zero"
        problems.append(Problem("", message, hint))
    if not problems and not _differ(curves):
        problems.append(Problem("", f"all {len(curves)} runs follow the same schedule; a law needs two", _PAIR))
    return problems


def _differ(curves: Sequence[LossCurve]) -> bool:
    at = np.linspace(0.0, 1.0, 200)
    shapes = [curve.learning_rates[(at * (curve.total_steps - 1)).astype(int)] / curve.peak_lr for curve in curves]
    return any(np.abs(shape - shapes[0]).mean() > CONTRAST for shape in shapes[1:])


def _noise(curves: Sequence[LossCurve]) -> list[Problem]:
    thinned = [thin(curve) for curve in curves]
    worst = end_noise(thinned)
    if worst <= MOST_NOISE:
        return []
    message = (
        f"the losses are too noisy: the end of a run is known to {worst:.1%} only, where {MOST_NOISE:.0%} is needed"
    )
    return [
        Problem("", message, "log every step, run longer, or give all runs one seed so that they share their noise")
    ]

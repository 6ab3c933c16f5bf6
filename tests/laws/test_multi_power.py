"""The multi-power law against values worked out by hand, and its derivatives against differences."""

import numpy as np
import pytest

from d9d_lr.laws.footprint import BLOCKS, footprint
from d9d_lr.laws.multi_power import NAMES, MultiPower


def test_footprint_of_four_steps():
    # u = 0, 1, 1, .25 with q = .5: u^q = 0, 1, 1, .5, so S = 0, 1, 2, 2.5; u rises by 1 in step 1, falls by .75 in 3.
    seen = footprint(np.array([0.0, 4.0, 4.0, 1.0]), [0, 1, 2, 3], reference_lr=4.0, exponent=0.5)
    assert seen.progress.tolist() == [0.0, 1.0, 2.0, 2.5]
    assert seen.changes.tolist() == [1.0, -0.75]
    assert seen.rates.tolist() == [1.0, 0.25]
    assert seen.progress_before.tolist() == [0.0, 2.0]


def test_a_rate_that_starts_high_changes_in_step_0():
    seen = footprint(np.array([2.0, 2.0]), [1], reference_lr=2.0, exponent=1.0)
    assert seen.changes.tolist() == [1.0]
    assert seen.progress_before.tolist() == [0.0]


def test_a_rate_of_zero_throughout_has_no_changes():
    seen = footprint(np.zeros(3), [2], reference_lr=1.0, exponent=1.0)
    assert seen.progress.tolist() == [0.0]
    assert seen.changes.size == 0


@pytest.mark.parametrize(
    ("step", "loss"),
    [
        # Held since step 0 at u = 1, S(t) = t + 1, and x = 2 (t + 1), beta = 1: G = 1 - 1 / (1 + x) = x / (1 + x).
        (0, 3.0 + 0.4 * (1 / 4) ** -0.5 + 0.3 * 2 / 3),  # 3 + .8 + .2
        (1, 3.0 + 0.4 * (2 / 4) ** -0.5 + 0.3 * 4 / 5),
        # In step 2 the rate falls to .25: S = 2.25, du = -.75, u^-gamma = 2, x = 2 * 2 * .25 = 1, G = 1 / 2.
        (2, 3.0 + 0.4 * (2.25 / 4) ** -0.5 + 0.3 * (4.5 / 5.5 - 0.75 / 2)),
    ],
)
def test_losses_by_hand(step, loss):
    law = MultiPower(3.0, 0.4, 0.5, 0.3, 2.0, 1.0, 0.5, reference_progress=4.0)
    seen = footprint(np.array([1.0, 1.0, 0.25]), [step], reference_lr=1.0, exponent=1.0)
    assert law.losses(seen) == pytest.approx([loss], rel=1e-14)


def test_slopes_are_those_of_the_losses():
    vector = np.array([np.log(3.0), np.log(0.4), np.log(0.5), np.log(0.3), np.log(0.05), np.log(0.6), 0.7])
    rates = np.concatenate([np.linspace(0, 1, 20), np.ones(100), np.linspace(1, 0, 80)])
    seen = footprint(rates, [30, 120, 160, 199], reference_lr=1.0, exponent=0.8)
    _, slopes = MultiPower.of_vector(vector, 100.0).losses_and_slopes(seen)
    for index, name in enumerate(NAMES):
        nudge = np.zeros(len(NAMES))
        nudge[index] = 1e-6
        above, below = (MultiPower.of_vector(vector + sign * nudge, 100.0).losses(seen) for sign in (1, -1))
        assert slopes[:, index] == pytest.approx((above - below) / 2e-6, rel=1e-5, abs=1e-9), name


def test_summing_changes_into_blocks_costs_little():
    steps = 100 * BLOCKS
    rates = np.concatenate([np.linspace(0, 1, 600), np.ones(5400), 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, 6000))])
    law = MultiPower(3.0, 0.3, 0.5, 0.15, 0.03, 0.55, 0.5, reference_progress=8000.0)
    at = [2000, 7000, 10_000, steps - 1]
    blocked = footprint(rates, at, reference_lr=1.0, exponent=0.8)
    exact = [exact_loss(law, rates, 0.8, t) for t in at]
    assert len(blocked.changes) <= BLOCKS + 2
    assert law.losses(blocked) == pytest.approx(exact, rel=2e-4)


def exact_loss(law, rates, exponent, t):
    """The formula, step by step."""
    progress = np.cumsum(rates**exponent)
    answer = 0.0
    for k in range(t + 1):
        change = rates[k] - (rates[k - 1] if k else 0.0)
        since = progress[t] - (progress[k - 1] if k else 0.0)
        answer += change * (1 - (1 + law.speed * max(rates[k], 1e-4) ** -law.gamma * since) ** -law.beta)
    return law.floor + law.amplitude * (progress[t] / law.reference_progress) ** -law.alpha + law.cost * answer

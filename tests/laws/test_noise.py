"""Noise of curves, alone and shared."""

import numpy as np
import pytest

from d9d_lr.laws.loss_curve import ThinCurve, thin
from d9d_lr.laws.noise import LEAST_NOISE, aligned, noise_of, whitening
from helpers.loss_curves import made


def test_noise_by_hand():
    # 0, 1, 0, -1, 0: first differences 1, -1, -1, 1; second -2, 0, 2, median of their sizes 2.
    assert noise_of(np.array([0.0, 1.0, 0.0, -1.0, 0.0])) == pytest.approx(1.4826 * 2 / 6**0.5)


def test_a_straight_line_has_no_noise():
    assert noise_of(np.linspace(0.0, 5.0, 20)) == pytest.approx(0.0, abs=1e-12)
    assert noise_of(np.array([1.0, 2.0])) == 0.0


def test_noise_is_found_beside_a_curve():
    found = [noise_of(thin(made("wsd", noise=0.05, seed=seed), points=1000).log_losses) for seed in range(5)]
    assert np.mean(found) == pytest.approx(0.05, rel=0.1)


def test_curves_of_the_same_steps_stand_together():
    steps = np.arange(0, 100, 10)
    near, far, short = ThinCurve(steps + 4, steps), ThinCurve(steps + 6, steps), ThinCurve(steps[:5], steps[:5])
    assert aligned([ThinCurve(steps, steps), near, far, short]) == [[0, 1], [2], [3]]


def covariance(curves):
    whitener = whitening(curves)
    return np.linalg.inv(whitener.T @ whitener)


def test_runs_of_one_seed_share_their_noise():
    one, other = (thin(made(name, noise=0.05)) for name in ("wsd", "constant"))
    found = covariance([one, other])
    assert found[0, 1] / np.sqrt(found[0, 0] * found[1, 1]) > 0.98
    difference = found[0, 0] + found[1, 1] - 2 * found[0, 1]
    assert np.sqrt(difference) < 0.1 * np.sqrt(found[0, 0])


def test_runs_of_two_seeds_do_not():
    one, other = (thin(made("wsd", noise=0.05, seed=seed)) for seed in (0, 1))
    found = covariance([one, other])
    assert abs(found[0, 1]) / np.sqrt(found[0, 0] * found[1, 1]) < 0.3


def test_one_curve_is_divided_by_its_noise():
    curve = ThinCurve(np.arange(5), np.array([0.0, 1.0, 0.0, -1.0, 0.0]))
    size = np.hypot(1.4826 * 2 / 6**0.5, LEAST_NOISE)
    assert whitening([curve]) == pytest.approx(np.array([[1 / size]]))

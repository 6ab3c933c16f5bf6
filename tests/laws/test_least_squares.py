"""Least squares against minima that can be worked out."""

import numpy as np
import pytest

from d9d_lr.laws.least_squares import Priors, minimise


def line(targets, scale=1.0):
    """Residuals of one number from some targets."""

    def residuals(point):
        return (point[0] - np.array(targets)) / scale, np.full((len(targets), 1), 1.0 / scale)

    return residuals


FREE = Priors(np.zeros(1), np.array([np.inf]))


def test_the_mean_without_a_prior():
    assert minimise(line([1.0, 1.5, 2.0]), np.zeros(1), FREE) == pytest.approx([1.5], abs=1e-6)


def test_a_prior_pulls_by_its_width():
    # x^2 / 2 of the residual x - 0, and ((x - 1) / .5)^2 / 2 of the prior: x + 4 (x - 1) = 0, x = .8.
    priors = Priors(np.ones(1), np.array([0.5]))
    assert minimise(line([0.0]), np.zeros(1), priors) == pytest.approx([0.8], abs=1e-6)
    # Twice as wide: x + (x - 1) = 0.
    assert minimise(line([0.0]), np.zeros(1), priors.widened(2.0)) == pytest.approx([0.5], abs=1e-6)


def test_a_spike_counts_as_often_as_it_occurs():
    # Huber's slope is at most 1 in size: two points at 0 hold against one at 100 where 2 x = 1.
    assert minimise(line([0.0, 0.0, 100.0]), np.zeros(1), FREE) == pytest.approx([0.5], abs=1e-5)


def test_a_curve_is_found_from_afar():
    x = np.linspace(0.0, 2.0, 30)
    y = 3.0 * np.exp(-1.7 * x)

    def residuals(point):
        height, rate = np.exp(point)
        fitted = height * np.exp(-rate * x)
        return (fitted - y) / 0.01, np.stack([fitted, -rate * x * fitted], axis=1) / 0.01

    free = Priors(np.zeros(2), np.full(2, np.inf))
    assert np.exp(minimise(residuals, np.zeros(2), free)) == pytest.approx([3.0, 1.7], rel=1e-5)


def test_a_step_into_numbers_that_cannot_be_held_is_not_taken():
    def residuals(point):
        found = np.where(point > 2.0, np.inf, point - 1.9)
        return found, np.ones((1, 1)) * 0.1  # a slope so wrong that the first steps go far too far

    assert minimise(residuals, np.zeros(1), FREE)[0] < 2.0

"""Tails of Student's t, against printed tables."""

import pytest

from d9d_lr.comparing.student import critical, two_sided


@pytest.mark.parametrize(
    ("level", "degrees", "t"),
    [
        (0.05, 1, 12.7062), (0.05, 2, 4.30265), (0.05, 3, 3.18245), (0.05, 10, 2.22814), (0.05, 100, 1.98397),
        (0.01, 1, 63.6567), (0.01, 5, 4.03214), (0.5, 1, 1.0),
    ],
)  # fmt: skip
def test_tables(level, degrees, t):
    assert critical(level, degrees) == pytest.approx(t, rel=2e-5)
    assert two_sided(t, degrees) == pytest.approx(level, rel=1e-5)


def test_both_sides_and_the_middle():
    assert two_sided(0.0, 4) == 1.0
    assert two_sided(-2.0, 4) == two_sided(2.0, 4)
    # one degree of freedom is Cauchy's: P(|T| > t) = 1 - 2 arctan(t) / pi, about 2 / (pi t)
    assert two_sided(1e6, 1) == pytest.approx(2 / (3.141592653589793 * 1e6), rel=1e-6)

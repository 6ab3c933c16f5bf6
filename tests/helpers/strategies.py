"""Random schedules in their flat, plain form, for hypothesis."""

from fractions import Fraction
from math import ceil

from hypothesis import strategies as st

from d9d_lr.schedule.fields import MAX_STEPS
from helpers import obvious

MULTIPLIERS = st.one_of(
    st.sampled_from([0.0, 1.0, 0.1, 0.5, 0.01, -0.0, 1e-9, 1e-8, 1, 0]),
    st.floats(0.0, 2.0),
    st.floats(-1e100, 1e100),
)

PARAMETERS = st.one_of(st.sampled_from([0.5, 1.0, 2.0, 3, 1000]), st.floats(1e-3, 50.0))
CURVES = st.one_of(
    st.sampled_from([{"type": "linear"}, {"type": "cosine"}, {"type": "exponential"}, {"type": "poly"}]),
    st.sampled_from([{"type": "constant"}, {"type": "one_minus_sqrt"}, {"type": "exponential_halving"}]),
    *(
        st.fixed_dictionaries({"type": st.just(kind), **dict.fromkeys(parameters, PARAMETERS)})
        for kind, *parameters in [
            ("polynomial_decay", "power"),
            ("inverse_sqrt", "timescale"),
            ("power_law", "exponent", "timescale"),
            ("half_life", "steps"),
            ("k_decay_cosine", "k"),
            ("cosine_power", "power"),
        ]
    ),
    st.builds(
        lambda power: {"type": "poly", "power": power},
        st.one_of(st.sampled_from([0.5, 1.0, 2.0, 3]), st.floats(1e-3, 50.0), st.floats(5e-324, 1e308)),
    ),
)

TOTAL_STEPS = st.one_of(st.integers(1, 60), st.integers(1, 20_000), st.integers(1, MAX_STEPS))


@st.composite
def phases_that_fit(draw, total_steps, max_phases=6):
    """A list of phases that fit `total_steps`, jumps included."""
    phases, cursor = [], 0
    count = draw(st.integers(1, max_phases))
    for index in range(count):
        modes = ["percentage", *(["steps"] if cursor < total_steps else []), *(["rest"] if index == count - 1 else [])]
        phase = {"mode": draw(st.sampled_from(modes)), "target_multiplier": draw(MULTIPLIERS), "curve": draw(CURVES)}
        if phase["mode"] == "steps":
            phase["steps"] = draw(st.integers(1, total_steps - cursor))
        if phase["mode"] == "percentage":
            phase["percentage"] = draw(percentages(cursor, total_steps))
        phases.append(phase)
        cursor = obvious.end_of(phase, cursor, total_steps)
    return phases


@st.composite
def percentages(draw, cursor, total_steps):
    """A decimal fraction that ends at `cursor` or later."""
    scale = 10 ** draw(st.integers(0, 6))
    return draw(st.integers(ceil(Fraction(cursor * scale, total_steps)), scale)) / scale


@st.composite
def schedules(draw, total_steps=TOTAL_STEPS, max_phases=6):
    """A schedule and a number of steps that it fits, `(flat, total_steps)`."""
    total = draw(total_steps)
    phases = draw(phases_that_fit(total, max_phases))
    return {"initial_multiplier": draw(MULTIPLIERS), "phases": phases}, total


def steps_of_interest(schedule, total_steps):
    """Both sides of every boundary, the ends, what lies beyond them, and some steps between."""
    edges = {0, total_steps, *obvious.ends(schedule, total_steps)}
    steps = {edge + offset for edge in edges for offset in (-2, -1, 0, 1, 2)} | {-1000, total_steps + 1000}
    return sorted(steps | {total_steps * part // 23 for part in range(24)})

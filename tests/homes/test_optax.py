"""optax: the values are those of the schedule rounded once to float32, traced or not."""

import numpy as np
import pytest

pytestmark = [pytest.mark.homes, pytest.mark.filterwarnings("ignore")]
jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

import jax.numpy as jnp  # noqa: E402

from d9d_lr import (  # noqa: E402
    ConfigError,
    CurveBase,
    CurveCosine,
    CurveExponential,
    CurveLinear,
    CurvePoly,
    build_schedule,
    compose_lr,
)
from d9d_lr.integrations.optax import to_optax  # noqa: E402
from d9d_lr.schedule.piecewise import Schedule  # noqa: E402
from d9d_lr.schedule.placed import SchedulePhase  # noqa: E402


def schedule_of(*phases, initial=0.0, kind="steps"):
    """From (length, target, curve)."""
    placed, cursor, level = [], 0, initial
    for length, target, curve in phases:
        placed.append(SchedulePhase(kind, cursor, cursor + length, level, target, curve))
        cursor, level = cursor + length, target
    return Schedule(initial, tuple(placed))


SCHEDULES = [
    build_schedule(compose_lr(["lr=wsd", "lr/decay@lr.phases.2=cosine"]), 1000),
    schedule_of((10, 1.0, CurveLinear()), (0, 0.3, CurveLinear()), (20, 0.3, CurvePoly(3.0)), (7, 0.1, CurveCosine())),
    schedule_of((1, 1.0, CurveLinear()), (1, 0.5, CurveLinear())),
    schedule_of((5, 0.0, CurveExponential()), (5, 1.0, CurveExponential())),
    schedule_of((0, 0.7, CurveLinear()), initial=0.2),
]


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("base_lr", [1.0, 0.003])
def test_every_step_under_jit_is_the_rounded_value(schedule, base_lr):
    steps = np.arange(-3, schedule.phases[-1].end_step + 5)
    wanted = (base_lr * schedule.multipliers(steps)).astype(np.float32)
    value = to_optax(schedule, base_lr)
    found = jax.jit(jax.vmap(value))(jnp.asarray(steps))
    assert found.dtype == jnp.float32
    assert np.array_equal(found, wanted)
    assert [float(value(int(step))) for step in steps[:20]] == wanted[:20].tolist()


def test_a_hold_of_a_billion_steps_takes_one_entry():
    schedule = schedule_of((100, 1.0, CurveLinear()), (10**9, 1.0, CurveLinear()), (100, 0.0, CurveLinear()))
    steps = np.asarray([0, 50, 100, 10**8, 10**9 + 99, 10**9 + 150, 10**9 + 200])
    assert np.array_equal(jax.jit(to_optax(schedule))(steps), [0.0, 0.5, 1.0, 1.0, 1.0, 0.5, 0.0])


@pytest.mark.parametrize(
    ("schedule", "message"),
    [
        (schedule_of((2**24 + 1, 1.0, CurveLinear())), "last 16777217 steps; a table holds 16777216"),
        (schedule_of((2**31, 0.0, CurveLinear())), "they end at step 2147483648; optax counts in int32"),
    ],
)
def test_what_no_table_holds_is_refused(schedule, message):
    with pytest.raises(ConfigError, match=message):
        to_optax(schedule)


def test_a_user_defined_curve_is_looked_up_step_for_step():
    class Bump(CurveBase):
        def compute(self, start, end, step_p):
            return start + step_p * (1 - step_p)

    schedule = schedule_of((8, 1.0, CurveLinear()), (8, 1.0, Bump()))
    assert np.array_equal(to_optax(schedule)(np.arange(18)), schedule.multipliers(np.arange(18)).astype(np.float32))


def lrs_of(optimizer, state, params, steps):
    """The learning rate of each update: of plain SGD with gradient 1, how far the parameter goes."""

    @jax.jit
    def update(state, params):
        updates, state = optimizer.update({"w": jnp.ones(())}, state, params)
        return state, optax.apply_updates(params, updates), -updates["w"]

    seen = []
    for _ in range(steps):
        state, params, lr = update(state, params)
        seen.append(float(lr))
    return seen, state, params


def test_training_is_killed_and_resumed():
    schedule = SCHEDULES[0]
    optimizer, params = optax.sgd(to_optax(schedule, 0.003)), {"w": jnp.zeros(())}
    before, state, params = lrs_of(optimizer, optimizer.init(params), params, 850)
    saved = jax.tree.map(np.asarray, (state, params))
    after, *_ = lrs_of(optax.sgd(to_optax(schedule, 0.003)), *saved, 150)
    assert before + after == (0.003 * schedule.multipliers(np.arange(1000))).astype(np.float32).tolist()


def test_accumulation_counts_optimizer_steps():
    schedule = SCHEDULES[0]
    optimizer = optax.MultiSteps(optax.sgd(to_optax(schedule, 0.003)), every_k_schedule=4)
    params = {"w": jnp.zeros(())}
    seen, *_ = lrs_of(optimizer, optimizer.init(params), params, 400)
    wanted = (0.003 * schedule.multipliers(np.arange(100))).astype(np.float32).tolist()
    assert seen[3::4] == wanted
    assert set(seen) - set(wanted) <= {0.0}


def test_two_devices():
    """The host is split in two by XLA_FLAGS, which `make test-homes` sets."""
    if jax.device_count() < 2:
        pytest.skip("XLA_FLAGS=--xla_force_host_platform_device_count=2")
    schedule = SCHEDULES[0]
    counts = jnp.stack([jnp.arange(1000)] * 2)
    for found in jax.pmap(jax.vmap(to_optax(schedule)))(counts):
        assert np.array_equal(found, schedule.multipliers(np.arange(1000)).astype(np.float32))

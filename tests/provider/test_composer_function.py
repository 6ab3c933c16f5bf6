"""The function for Composer, with a stand-in for its state; tests/homes/test_composer.py has the real one."""

from types import SimpleNamespace

import pytest

from d9d_lr import ConfigError, compose_lr
from d9d_lr.integrations.composer import composer_schedule


def state(batch, trained=True, duration=1000, unit="BATCH", dataloader_len=None):
    """What Composer shows; a batch is there from the first one on."""
    return SimpleNamespace(
        batch="some" if trained else None,
        timestamp=SimpleNamespace(batch=SimpleNamespace(value=batch)),
        max_duration=SimpleNamespace(value=duration, unit=SimpleNamespace(name=unit)),
        dataloader_len=dataloader_len,
    )


@pytest.mark.parametrize(
    ("seen", "ssr", "multiplier"),
    [
        # wsd of 1 000 steps: 100 up, so m(t) = t / 100; it asks before it counts the batch, so the next one is t + 1.
        (state(0, trained=False), 1.0, 0.0),
        (state(0), 1.0, 0.01),
        (state(49), 1.0, 0.5),
        # 10 epochs of 100 batches; then 500 batches, of which batch 25 is step 50.
        (state(49, duration=10, unit="EPOCH", dataloader_len=100), 1.0, 0.5),
        (state(24, duration=500), 0.5, 0.5),
    ],
)
def test_the_multiplier_of_the_batch_that_comes_next(seen, ssr, multiplier):
    assert composer_schedule(compose_lr(["lr=wsd"]))(seen, ssr) == multiplier


def test_total_steps_may_be_given():
    schedule = composer_schedule(compose_lr(["lr=wsd"]), total_steps=1000)
    assert schedule(state(999, duration=7, unit="TOKEN")) == 0.1


@pytest.mark.parametrize(
    "unknown", [state(0, unit="TOKEN"), state(0, unit="EPOCH"), SimpleNamespace(max_duration=None)]
)
def test_a_run_of_unknown_length_is_refused(unknown):
    with pytest.raises(ConfigError, match=r"max_duration: max_duration is .* whose batches are not known"):
        composer_schedule(compose_lr(["lr=wsd"]))(unknown)

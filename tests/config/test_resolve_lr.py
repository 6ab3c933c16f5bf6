"""What is said of a section that is no schedule, under whatever key it stands."""

import pytest
from omegaconf import OmegaConf

from d9d_lr import ConfigError, resolve_lr

WARMUP = {"mode": "steps", "steps": 10, "target_multiplier": 1.0, "curve": {"type": "linear"}}
DECAY = {"mode": "rest", "target_multiplier": 0.1, "curve": {"type": "linear"}}
SWAP = "a value merges into what was there before; to have another kind, swap the group that stands there"


def section(**phases):
    return OmegaConf.create(
        {"initial_multiplier": 0.0, "phases": {name.strip("_"): phase for name, phase in phases.items()}}
    )


def problems(config, key="lr", total_steps=100):
    with pytest.raises(ConfigError) as caught:
        resolve_lr(config, total_steps, key=key)
    return [(problem.key, problem.hint) for problem in caught.value.problems]


@pytest.mark.parametrize("key", ["lr", "wd", "model.generator_lr"])
def test_every_key_begins_with_what_the_section_is_called(key):
    stale = section(_0=WARMUP, _2={**DECAY, "percentage": 0.5})
    assert problems(stale, key) == [(f"{key}.phases.2.percentage", SWAP)]
    stale = section(_0={**WARMUP, "mode": "rest"})  # steps is the key of another mode, and not ahead_steps misspelt
    assert problems(stale, key) == [(f"{key}.phases.0.steps", SWAP)]
    assert problems(section(_0={**WARMUP, "curve": "cosine"}, _2=DECAY), key) == [(f"{key}.phases.0.curve", SWAP)]
    assert problems(section(_3={**WARMUP, "steps": 200}, _4=DECAY), key) == [
        (f"{key}.phases.3.steps", "shorten the phases or raise total_steps")
    ]
    assert problems(section(_0={**WARMUP, "stepz": 1}), key)[0] == (f"{key}.phases.0.stepz", "did you mean 'steps'?")


@pytest.mark.parametrize("phases", [{1, 2}, {"a"}, (1, 2), object(), b"x", 5, 1.5])
def test_phases_that_are_neither_a_list_nor_a_mapping_are_reported(phases):
    with pytest.raises(ConfigError, match="phases"):
        resolve_lr({"initial_multiplier": 0.0, "phases": phases})

"""Composing points the quick way gives what Hydra gives."""

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import OmegaConf

from d9d_lr.composing.paths import APP_DIR
from d9d_lr.sweeping.composer import PointComposer
from helpers.hydra_versions import BASE


@pytest.fixture
def composers():
    """Hydra's way and the quick one."""
    with initialize_config_dir(str(APP_DIR), **BASE):
        loader = GlobalHydra.instance().config_loader()

        def compose(overrides):
            return loader.load_configuration("config", list(overrides), RunMode.RUN)

        yield compose, PointComposer(loader, compose)


@pytest.mark.parametrize(
    "overrides",
    [
        [],
        ["train.seed=3"],
        ["lr=warmup_cosine", "task=digits"],
        ["lr.phases.0.steps=7", "lr=warmup_cosine", "optimizer.lr=0.5"],
        ["lr/decay@lr.phases.2=cosine", "lr.phases.2.target_multiplier=0.5"],
        ["~lr/hold@lr.phases.1", "train.total_steps=200"],
        ["lr=warmup_constant", "+lr/decay@lr.phases.2=linear", "lr.phases.2.target_multiplier=0"],
        ["~lr.phases.1"],
        ["+task.note={a: 1}", "optimizer.betas=[0.1,0.2]", "~optimizer.weight_decay"],
        ["hydra.job.name=x", "train.seed=1"],
    ],
)
def test_both_ways_agree(composers, overrides):
    hydras, quick = composers
    wanted = OmegaConf.masked_copy(hydras(overrides), ["lr", "optimizer", "task", "train", "sweep"])
    for _ in range(2):  # the second time from what was kept
        got = OmegaConf.masked_copy(quick(overrides), ["lr", "optimizer", "task", "train", "sweep"])
        assert OmegaConf.to_yaml(got) == OmegaConf.to_yaml(wanted)


@pytest.mark.parametrize(
    "overrides", [["train.sede=1"], ["lr=nothing", "train.seed=1"], ["+train.seed=1"], ["lr.phases.9.steps=1"]]
)
def test_both_ways_refuse_the_same(composers, overrides):
    hydras, quick = composers
    with pytest.raises(HydraException) as wanted:
        hydras(overrides)
    with pytest.raises(HydraException) as got:
        quick(overrides)
    assert str(got.value) == str(wanted.value)


def test_a_point_does_not_change_the_next_one(composers):
    _, quick = composers
    quick(["train.seed=5", "+task.note=1"])
    config = quick(["optimizer.lr=0.5"])
    assert config.train.seed == 0
    assert "note" not in config.task

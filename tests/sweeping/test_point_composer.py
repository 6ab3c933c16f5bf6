"""Composing points the quick way gives what Hydra gives."""

import pickle
from contextlib import contextmanager

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf

from d9d_lr.composing.paths import APP_DIR
from d9d_lr.config.plain import marked
from d9d_lr.sweeping.composer import PointComposer
from helpers.hydra_versions import BASE


@contextmanager
def both_ways():
    """Yields Hydra's way and the quick one."""
    before = HydraConfig.instance().cfg
    with initialize_config_dir(str(APP_DIR), **BASE):
        loader = GlobalHydra.instance().config_loader()

        def compose(overrides):
            return loader.load_configuration("config", list(overrides), RunMode.RUN)

        yield compose, PointComposer(loader, compose)
    HydraConfig.instance().cfg = before


@pytest.fixture
def composers():
    """Hydra's way and the quick one."""
    with both_ways() as both:
        yield both


def composed(way, overrides):
    """Returns all that comes of composing, as it is written and resolved, Hydra's section included; or the error."""
    try:
        config = way(overrides)
    except HydraException as error:
        return str(error)
    HydraConfig.instance().cfg = config  # for ${hydra:...}
    sections = sorted(map(str, config))
    assert "hydra" in sections
    written = {name: OmegaConf.to_yaml(config[name]) for name in sections if OmegaConf.is_config(config[name])}
    return written, repr(marked(OmegaConf.masked_copy(config, [name for name in sections if name != "hydra"])))


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
        # A mapping sets values where a text would choose a group, in the order in which it was typed.
        ["optimizer.lr=0.5", "optimizer={lr: 0.25}"],
        ["optimizer={lr: 0.25}", "optimizer.lr=0.5"],
        ["+task.named=${hydra:job.name}", "train.seed=4", "lr=wsd"],
    ],
)
def test_both_ways_agree(composers, overrides):
    hydras, quick = composers
    wanted = composed(hydras, overrides)
    assert not isinstance(wanted, str)
    for _ in range(2):  # the second time from what was kept
        assert composed(quick, overrides) == wanted


@pytest.mark.parametrize(
    "overrides", [["train.sede=1"], ["lr=nothing", "train.seed=1"], ["+train.seed=1"], ["lr.phases.9.steps=1"]]
)
def test_both_ways_refuse_the_same(composers, overrides):
    hydras, quick = composers
    wanted = composed(hydras, overrides)
    assert isinstance(wanted, str)
    assert composed(quick, overrides) == wanted


GROUPS = (
    "lr=wsd", "lr=warmup_cosine", "lr=linear_to_zero", "task=digits", "optimizer=sgd", "lr/decay@lr.phases.2=cosine",
    "lr/curve@lr.phases.2.curve=poly", "~lr/hold@lr.phases.1", "+lr/decay@lr.phases.3=linear", "hydra.job.chdir=true",
)  # fmt: skip
VALUES = (
    "train.seed=1", "train.seed=2", "+train.seed=3", "++train.seed=4", "~train.seed", "lr.phases.0.steps=7",
    "lr.phases.1.percentage=0.5", "~lr.phases.1", "lr.phases.2.target_multiplier=${optimizer.lr}", "train.sede=1",
    "optimizer={lr: 0.25}", "optimizer.lr=0.125", "optimizer.betas=[0.1,0.2]", "+task.note={a: [1, 2]}",
    "+task.note='a b'", "task.width=8", "train.total_steps=${train.batch_size}", "+new=${hydra:job.name}",
)  # fmt: skip


@settings(max_examples=15)
@given(st.lists(st.lists(st.sampled_from(GROUPS + VALUES), max_size=6), min_size=1, max_size=3))
def test_both_ways_agree_on_any_points(points):
    """Points of one sweep, composed after each other, with errors in between."""
    with both_ways() as (hydras, quick):
        for overrides in points:
            assert composed(quick, overrides) == composed(hydras, overrides), overrides


def test_a_point_does_not_change_the_next_one(composers):
    _, quick = composers
    quick(["train.seed=5", "+task.note=1"])
    config = quick(["optimizer.lr=0.5"])
    assert config.train.seed == 0
    assert "note" not in config.task


def test_what_cannot_be_written_is_copied(composers, monkeypatch):
    def refuse(*_):
        raise pickle.PicklingError

    monkeypatch.setattr("d9d_lr.sweeping.composer.pickle.dumps", refuse)
    hydras, quick = composers
    for seed in (1, 2):
        assert composed(quick, [f"train.seed={seed}"]) == composed(hydras, [f"train.seed={seed}"])

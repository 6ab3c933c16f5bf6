"""Composing points the quick way gives what Hydra gives."""

import pickle
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product

import pytest
from hydra import initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from hypothesis import given, settings
from hypothesis import strategies as st
from omegaconf import OmegaConf, open_dict

from d9d_lr.composing.paths import APP_DIR
from d9d_lr.config.plain import marked
from d9d_lr.sweeping.composer import JobComposer, PointComposer
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


TOLD = (
    "hydra.sweep.subdir='a/b=1,c=2'",
    "hydra.env.point={fingerprint:'abc',total_steps:7}",
    "++hydra.job.env_set.X='2'",
)


@settings(max_examples=15)
@given(st.lists(st.lists(st.sampled_from(GROUPS + VALUES), max_size=4), min_size=1, max_size=3))
def test_a_job_is_composed_as_by_hydra(points):
    """With what its sweep tells it, and as something of its own that it may change."""
    with both_ways() as (hydras, quick):
        for overrides in points:
            assert composed(quick.job, [*overrides, *TOLD]) == composed(hydras, [*overrides, *TOLD]), overrides


def test_a_job_may_change_what_it_got(composers):
    hydras, quick = composers
    for seed in (1, 2):
        overrides = [f"train.seed={seed}", f"hydra.sweep.subdir='{seed}'"]
        config = quick.job(overrides)
        config.hydra.job.num = config.train.seed = 9
        assert composed(quick.job, overrides) == composed(hydras, overrides)


def test_jobs_are_composed_once_for_each_choice_of_groups(composers):
    hydras, quick = composers
    asked = []

    def compose(overrides):
        asked.append(overrides)
        return hydras(overrides)

    there = JobComposer()
    here = pickle.loads(pickle.dumps(there))  # as in a worker
    for composer in (here, there, JobComposer()):
        for seed, lr in product((1, 2), ("wsd", "constant")):
            told = ["hydra.sweep.subdir='x'"]
            job = composer(OmegaConf.create(), [f"lr={lr}", f"train.seed={seed}", *told], quick._loader, compose)
            assert job.train.seed == seed
    assert asked == [["lr=wsd"], ["lr=constant"]] * 2


def test_variables_that_a_job_gets_are_read_anew(composers, monkeypatch):
    _, quick = composers
    for value in ("a", "b"):
        monkeypatch.setenv("ITS_OWN", value)
        config = quick.job(["hydra.job.env_copy=[ITS_OWN]", "train.seed=1"])
        assert config.hydra.job.env_set["ITS_OWN"] == value


def test_a_point_does_not_change_the_next_one(composers):
    _, quick = composers
    quick(["train.seed=5", "+task.note=1"])
    config = quick(["optimizer.lr=0.5"])
    assert config.train.seed == 0
    assert "note" not in config.task


def test_what_cannot_be_written_is_copied(composers, monkeypatch):
    def refuse(*_):
        raise pickle.PicklingError

    monkeypatch.setattr("d9d_lr.sweeping.composer._Writer.dump", refuse)
    hydras, quick = composers
    for seed in (1, 2):
        for way, told in ((quick, []), (quick.job, [f"hydra.sweep.subdir='{seed}'"])):
            overrides = [f"train.seed={seed}", *told]
            assert composed(way, overrides) == composed(hydras, overrides)


def test_classes_need_no_name_of_their_own(composers):
    """In a worker of joblib, those of Hydra's plugins are no longer what their names stand for."""

    @dataclass
    class Nameless:
        seed: int = 0

    hydras, quick = composers
    asked = []

    def compose(overrides):
        asked.append(overrides)
        config = hydras(overrides)
        with open_dict(config):
            config.train = OmegaConf.structured(Nameless)
        return config

    jobs = PointComposer(quick._loader, compose)
    for seed in (1, 2):
        job = jobs.job([f"train.seed={seed}", f"hydra.sweep.subdir='{seed}'"])
        assert (job.train.seed, job.hydra.sweep.subdir) == (seed, str(seed))
        assert OmegaConf.get_type(job.train) is Nameless
    assert asked == [[]]

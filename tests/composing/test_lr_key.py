"""Another application keeps a plain key `lr`; one that asks for the groups, or has no such key, gets them."""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hydra.core.config_store import ConfigStore
from hydra.core.plugins import Plugins
from hydra.plugins.search_path_plugin import SearchPathPlugin
from omegaconf import MISSING, OmegaConf

from d9d_lr.composing.lr_key import Use, use_in_node, use_in_text
from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR

PLAIN, ASKS, NEITHER, BOTH = Use(True, False), Use(False, True), Use(False, False), Use(True, True)

AT_THE_TOP = [
    ("lr: 0.1", PLAIN),
    ("lr: 1e-3  # per sample\nsteps: 5", PLAIN),
    ("'lr': 0.1", PLAIN),
    ('"lr" : 0.1', PLAIN),
    ("lr:0.1", NEITHER),  # no key without a space behind the colon
    ("lr: fast", PLAIN),
    ("lr: ${optimizer.lr}", PLAIN),
    ("lr: ???", PLAIN),
    ("lr: null", PLAIN),
    ("lr:", PLAIN),
    ("lr:\nsteps: 5", PLAIN),
    ("lr:  # set it\n\n# here\nsteps: 5", PLAIN),
    ("lr: [0.1, 0.2]", PLAIN),
    ("lr:\n- 0.1\n- 0.2", PLAIN),
    ("lr:\n  - start: 0.1\n    end: 0.2", PLAIN),
    ("lr: &rate 0.1\nother: *rate", PLAIN),
    ("lr: !!float 1", PLAIN),
    ("lr: >-\n  a: text", PLAIN),
    ("\ufefflr: 0.1\r\nsteps: 5\r\n", PLAIN),
    ("lr: {base: 0.1}", NEITHER),
    ("lr: {}", NEITHER),
    ("lr:\n  base: 0.1", NEITHER),
    ("lr:  # of the optimizer\n  # its base\n  base: 0.1", NEITHER),
    ("lr: &one\n  'base': 0.1\ntwo: *one", NEITHER),
    ('lr:\n    "0":\n      steps: 5', NEITHER),
    ("optimizer:\n  lr: 0.1", NEITHER),
    ("optimizer: {lr: 0.1}", NEITHER),
    ("base_lr: 0.1\nlr_min: 0.0\nlrs: [1]", NEITHER),
    ("# lr: 0.1", NEITHER),
    ("text: |\n  lr: 0.1", NEITHER),
    ("defaults:\n  - lr: wsd\n  - _self_", ASKS),
    ("defaults:\n- lr: wsd\n- _self_\nlr: 0.1", BOTH),
    ("defaults: [lr: wsd, _self_]", ASKS),
    ("defaults: [{lr: wsd}, _self_]", ASKS),
    ("defaults: [\n  _self_,\n  lr: wsd\n]\n", ASKS),
    ("defaults:\n  - lr@schedule: wsd\nlr: 0.1", BOTH),
    ("defaults:\n  - /lr@schedule: wsd", ASKS),
    ("defaults:\n  - lr/wsd@schedule", ASKS),
    ("defaults:\n  - 'lr@schedule': wsd", ASKS),
    ("defaults:\n  - lr: null", ASKS),
    ("defaults:\n  - base\n  - override lr: wsd", ASKS),
    ("defaults:\n  - optional /lr/decay@lr.phases.2: ${decay}", ASKS),
    ("defaults:\n  # - lr: wsd\n  - _self_", NEITHER),
    ("defaults:\n  - optimizer: lr\n  - my-lr: x\n  - optimizer/lr: y\n  - lrs: z\n  - base@lr: q", NEITHER),
    ("defaults: [_self_]\nstages:\n  - lr: 0.1\n  - lr: 0.2", NEITHER),
    ("5", NEITHER),
    ("", NEITHER),
    ("a: [\nlr: 0.1", PLAIN),  # broken: Hydra says so
]

IN_A_GROUP = [
    ("lr: 0.1", NEITHER),
    ("# @package _global_\nlr: 0.1", PLAIN),
    ("# Quick\n#   @package   _global_\n\nlr: 0.1", PLAIN),
    ("# @package optimizer\nlr: 0.1", NEITHER),
    ("defaults:\n  - lr: fast", NEITHER),  # of this group
    ("defaults:\n  - /lr@schedule: wsd", ASKS),
    ("# @package _global_\ndefaults:\n  - override /lr: wsd\n", ASKS),
]


@pytest.mark.parametrize(("text", "use"), AT_THE_TOP)
def test_what_a_primary_config_does_with_it(text, use):
    assert use_in_text(text) == use


@pytest.mark.parametrize(("text", "use"), IN_A_GROUP)
def test_what_an_option_of_a_group_does_with_it(text, use):
    assert use_in_text(text, in_group=True) == use


@dataclass
class Sgd:
    lr: float = 0.1


@dataclass
class Section:
    lr: Sgd = field(default_factory=Sgd)


@dataclass
class Scheduled:
    lr: Any = MISSING
    defaults: list[Any] = field(default_factory=lambda: [{"lr": "wsd"}, "_self_"])


@pytest.mark.parametrize(
    ("node", "use"),
    [
        (Sgd, PLAIN),
        (Section, NEITHER),
        (Scheduled, BOTH),
        ({"lr": None}, PLAIN),
        ({"lr": "???"}, PLAIN),
        ({"lr": "${rate}", "rate": 1}, PLAIN),
        ({"lr": [0.1]}, PLAIN),
        ({"lr": {"base": 0.1}}, NEITHER),
        ({"rate": 0.1}, NEITHER),
        ({"defaults": ["lr/wsd@schedule"]}, ASKS),
        ({"defaults": [{"override /lr": "wsd"}]}, ASKS),
        ({"defaults": [{"optimizer": "lr"}, "lrs"]}, NEITHER),
        ({"defaults": "???"}, NEITHER),
        ([0.1], NEITHER),
    ],
)
def test_what_a_structured_config_does_with_it(node, use):
    assert use_in_node(OmegaConf.structured(node)) == use


# --- the plugin ------------------------------------------------------------------------------------------------------


@pytest.fixture
def has_groups(monkeypatch):
    """Whether an application gets the groups, by its folder and what is typed."""
    from hydra._internal.utils import create_config_search_path

    assert "D9dLrSearchPath" in [plugin.__name__ for plugin in Plugins.instance().discover(SearchPathPlugin)]
    monkeypatch.setattr(ConfigStore.instance(), "repo", {"hydra": ConfigStore.instance().repo["hydra"]})

    def has(place, *words):
        with mock.patch.object(sys, "argv", ["app.py", *words]):
            found = create_config_search_path(None if place is None else str(place)).get_path()
        return f"file://{SCHEDULES_DIR}" in [entry.path for entry in found]

    return has


def write(folder, **files):
    for name, text in files.items():
        file = folder / f"{name.replace('__', '/')}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("files", "gets"),
    [
        ({}, True),
        ({"config": "steps: 5"}, True),
        ({"config": "lr: 0.1"}, False),
        ({"config": "defaults: [lr@schedule: wsd]\nlr: 0.1"}, True),
        ({"config": "lr: 0.1", "scheduled": "defaults: [lr: wsd]"}, True),  # one of the two must have them
        ({"config": "steps: 5", "optimizer__sgd": "lr: 0.1"}, True),
        ({"config": "steps: 5", "experiment__quick": "# @package _global_\nlr: 0.1"}, False),
        ({"config": "lr: 0.1", "experiment__deep__quick": "defaults: [/lr@schedule: wsd]"}, True),
        ({"config": "steps: 5", ".hydra__config": "lr: 0.1"}, True),
    ],
)
def test_the_folder_of_an_application_decides(files, gets, has_groups, tmp_path):
    assert has_groups(write(tmp_path, **files)) is gets
    assert has_groups(f"file://{tmp_path}") is gets


@pytest.mark.parametrize(
    ("word", "gets"),
    [
        ("+lr=0.1", False),
        ("lr=.5", False),
        ("++lr=-1e-3,1e-2", False),
        ("+lr=[1,2]", False),
        ("lr=null", False),
        ("lr=0.1,wsd", False),
        ("lr=1cycle", True),
        ("lr=wsd", True),
        ("lr=wsd,constant", True),
        ("lr.base=5", True),
        ("base_lr=5", True),
    ],
)
def test_a_number_that_is_typed_is_no_option_of_ours(word, gets, has_groups, tmp_path):
    assert has_groups(None, "-m", word) is gets
    assert has_groups(write(tmp_path, config="defaults: [lr: wsd]"), word)


def test_a_package_is_read_as_a_folder_is(has_groups, tmp_path, monkeypatch):
    write(tmp_path, someone_elses__conf__config="lr: 0.1")
    (tmp_path / "someone_elses" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert not has_groups("pkg://someone_elses.conf")
    assert not has_groups("pkg://someone_elses/conf")
    assert has_groups("pkg://someone_elses")  # `conf` is a group there
    assert has_groups("pkg://no_such.package")
    assert has_groups("pkg://")


def test_a_stored_config_counts_but_for_ours(has_groups):
    store = ConfigStore.instance().store
    store("ours", {"lr": 0.1}, provider="d9d_lr")
    store("sgd", {"lr": 0.1}, group="optimizer")
    assert has_groups(None)
    store("quick", {"lr": 0.1}, group="experiment", package="_global_")
    assert not has_groups(None)
    store("config", {"defaults": [{"lr@schedule": "wsd"}]})
    assert has_groups(None)


def test_the_entrypoint_and_compose_lr_have_them_whatever_is_stored(has_groups):
    ConfigStore.instance().store("config", {"lr": 0.1})
    assert has_groups(APP_DIR, "lr=0.5")
    assert has_groups(SCHEDULES_DIR)


def test_nothing_but_ordinary_files_is_read_and_not_endlessly(has_groups, tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "zero.yaml").symlink_to("/dev/zero")
    (tmp_path / "latin.yaml").write_bytes("# é\nlr: 0.1".encode("latin-1"))
    assert not has_groups(tmp_path)
    assert has_groups(Path("/no/such/folder"))

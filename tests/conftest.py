"""What every test may rely on: one thread, no state of Hydra's left over, nothing left behind in the checkout."""

import logging
import os
from pathlib import Path

os.environ["OMP_NUM_THREADS"] = "1"  # before torch or numpy is imported; subprocesses inherit it

import pytest
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hypothesis import HealthCheck, settings

REPO = Path(__file__).resolve().parent.parent

_quiet = {"deadline": None, "suppress_health_check": list(HealthCheck), "database": None}
settings.register_profile("test", derandomize=True, max_examples=200, **_quiet)
settings.register_profile("long", max_examples=int(os.environ.get("FUZZ_EXAMPLES", "5000")), **_quiet)
settings.load_profile("test")


@pytest.fixture(autouse=True)
def _no_state_of_hydra():
    """Clears what Hydra keeps in the process, and takes back the logging that it sets up."""
    root, ours = logging.getLogger(), logging.getLogger("d9d_lr")
    level, our_level, handlers = root.level, ours.level, root.handlers[:]
    _forget_hydra()
    yield
    _forget_hydra()
    for handler in root.handlers[:]:
        if handler not in handlers:
            root.removeHandler(handler)
            handler.close()
    for handler in handlers:
        if handler not in root.handlers:
            root.addHandler(handler)
    root.setLevel(level)
    ours.setLevel(our_level)


def _forget_hydra():
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


@pytest.fixture(scope="session")
def repo():
    """The checkout."""
    return REPO


@pytest.fixture(autouse=True)
def _away_from_the_checkout(tmp_path_factory, monkeypatch):
    """Works elsewhere, so that a run without a folder of its own leaves nothing in the checkout."""
    monkeypatch.chdir(tmp_path_factory.getbasetemp())


@pytest.fixture
def in_tmp(tmp_path, monkeypatch):
    """An empty folder that is the working directory during the test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path

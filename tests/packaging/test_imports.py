"""Looking, composing and checking do not pay for torch; showing a configuration does not pay for Pydantic either."""

import subprocess
import sys

import pytest

import d9d_lr

SNIPPETS = {
    "import d9d_lr": "import d9d_lr",
    "compose_lr": "from d9d_lr import compose_lr; compose_lr(['lr.phases.0.steps=20'], 100)",
    "build_schedule": "import d9d_lr; d9d_lr.build_schedule(d9d_lr.compose_lr(), 200).multipliers([1])",
    "model_validate_json": "from d9d_lr import AutoLRSchedulerConfig; AutoLRSchedulerConfig.model_json_schema()",
    "records": "import d9d_lr.runs.results",
}
SHOWING = [
    "--help",
    "--hydra-help",
    "--cfg job",
    "--cfg job --resolve",
    "--cfg all lr=warmup_cosine lr.phases.0.steps=20",
    "--info defaults",
]
REFUSED = ["lr.phases.0.steps=-1", "lr/decay=linear", "lr/decay=linear --cfg job"]

RUN = """
import sys
sys.argv = ["train", *{arguments!r}]
import d9d_lr.train
try:
    d9d_lr.train.main()
except SystemExit as leaving:
    assert leaving.code in (None, 0, 2), leaving
"""
CHECK = """
import sys
heavy = {"torch", "sklearn", "matplotlib", "pandas"} & set(sys.modules)
assert not heavy, heavy
"""


def check(code, cwd):
    done = subprocess.run([sys.executable, "-c", code + CHECK], cwd=cwd, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("code", SNIPPETS.values(), ids=SNIPPETS)
def test_the_library_up_to_a_schedule_imports_no_torch(code, tmp_path):
    check(code, tmp_path)


@pytest.mark.parametrize("line", REFUSED)
def test_the_command_line_imports_no_torch_before_it_trains(line, tmp_path):
    done = check(RUN.format(arguments=line.split()), tmp_path)
    assert "problem" in done.stderr
    assert list(tmp_path.iterdir()) == []


LIGHT = """
light = {"pydantic", "numpy", "rich"} & set(sys.modules)
assert not light, light
"""


@pytest.mark.parametrize("line", SHOWING)
def test_showing_a_configuration_imports_neither_pydantic_nor_numpy(line, tmp_path):
    done = check(RUN.format(arguments=line.split()) + LIGHT, tmp_path)
    assert done.stdout
    assert list(tmp_path.iterdir()) == []


EVERY_APPLICATION = """
import sys
import hydra
from hydra.core.plugins import Plugins
from hydra.plugins.config_source import ConfigSource
from hydra.plugins.search_path_plugin import SearchPathPlugin
from hydra.plugins.sweeper import Sweeper
before = {"pydantic", "numpy", "torch", "rich"} & set(sys.modules)
kinds = (ConfigSource, SearchPathPlugin, Sweeper)
found = {plugin.__name__ for kind in kinds for plugin in Plugins.instance().discover(kind)}
assert {"D9dLrGroups", "D9dLrSearchPath", "CheckedSweeper"} <= found, found
heavy = {"pydantic", "numpy", "torch", "rich", "d9d_lr.config", "d9d_lr.sweeping"} & set(sys.modules) - before
assert not heavy, heavy
"""


def test_the_plugins_cost_a_foreign_application_neither_pydantic_nor_numpy(tmp_path):
    check(EVERY_APPLICATION, tmp_path)


def test_every_public_name_is_there_and_has_its_home():
    assert sorted(d9d_lr._HOME) == sorted(d9d_lr.__all__) == d9d_lr.__all__
    assert all(getattr(d9d_lr, name) is not None for name in d9d_lr.__all__)
    with pytest.raises(AttributeError, match="no attribute 'no_such'"):
        d9d_lr.no_such  # noqa: B018

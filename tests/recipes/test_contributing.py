"""The recipes of docs/contributing.md, followed to the letter in a copy of the tree."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLLOWED = Path(__file__).with_name("followed.py")


@pytest.fixture(scope="module")
def diffs():
    """The diffs of the page, a curve's and a mode's."""
    text = Path(__file__).parents[2].joinpath("docs/contributing.md").read_text()
    return re.findall(r"^```diff\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def copy(diffs, tmp_path_factory):
    """The tree with both recipes followed."""
    repo, tree = Path(__file__).parents[2], tmp_path_factory.mktemp("copy")
    for name in ("d9d_lr", "hydra_plugins", "conf", "sweeps", "tests"):
        shutil.copytree(repo / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(repo / "pyproject.toml", tree)
    for diff in diffs:
        subprocess.run(["git", "apply", "-"], cwd=tree, input=diff, text=True, check=True)
    shutil.copy(FOLLOWED, tree / "tests" / "test_followed.py")
    return tree


def test_a_curve_and_a_mode_are_one_class_one_file_and_one_row_each(diffs):
    touched = [re.findall(r"^\+\+\+ b/(.*)$", diff, flags=re.MULTILINE) for diff in diffs]
    row = "tests/composing/test_every_file.py"
    assert touched == [
        ["conf/schedules/lr/curve/smoothstep.yaml", "d9d_lr/schedule/curves.py", row],
        ["conf/schedules/lr/hold/until_multiple.yaml", "d9d_lr/schedule/phases.py", row],
    ]


def test_what_was_added_is_composed_trained_resumed_and_in_the_schema(copy):
    tests = ["tests/test_followed.py", "tests/composing/test_every_file.py"]
    chosen = "followed or smoothstep or until_multiple or table"
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", *tests, "-k", chosen],
        cwd=copy,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "failed" not in ran.stdout

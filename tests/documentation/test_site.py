"""The documentation site builds without a warning, and the tutorial's commands are right."""

import re
import shlex
import shutil
import subprocess
import sys

import pytest

from d9d_lr import plot
from d9d_lr.diagnostics.problems import ConfigError
from helpers.running import run_command


def test_the_site_builds_strictly(repo, tmp_path):
    pytest.importorskip("sphinx")
    for name in ("docs", "sweeps"):
        shutil.copytree(repo / name, tmp_path / name, ignore=shutil.ignore_patterns("_build"))
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "site"],
        cwd=tmp_path, capture_output=True, text=True, timeout=500,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    groups = (tmp_path / "site" / "reference" / "groups.html").read_text()
    assert "lr=wsd" in groups
    assert (tmp_path / "docs" / "reference" / "schedules" / "wsd.svg").exists()
    assert "compose_lr" in (tmp_path / "site" / "reference" / "api.html").read_text()


def lines(repo, tool):
    blocks = re.findall(r"```bash\n(.*?)```", (repo / "docs" / "tutorial.md").read_text(), flags=re.DOTALL)
    words = [shlex.split(line, comments=True) for block in blocks for line in block.splitlines()]
    return [line[3:] for line in words if line[:3] == ["python", "-m", f"d9d_lr.{tool}"]]


def test_the_tutorials_drawings_are_drawn_and_its_mistake_is_one(repo, in_tmp, capsys):
    *good, wrong = lines(repo, "plot")
    for arguments in good:
        plot.plot(arguments)
    assert wrong == ["lr.phases.1.percentage=80"]
    with pytest.raises(ConfigError, match=r"did you mean 0\.8"):
        plot.plot(wrong)


def test_the_tutorials_trainings_validate(repo, in_tmp):
    trainings = lines(repo, "train")
    assert len(trainings) == 3
    for arguments in trainings:
        assert run_command(*arguments).status == 0, arguments

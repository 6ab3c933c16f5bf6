"""docs/resuming.md: its commands run as they stand, and say what it says."""

import re
import shlex
from pathlib import Path

import pytest

from helpers.small_runs import command_here, digest, rows

PAGE = Path(__file__).parents[2] / "docs" / "resuming.md"
BLOCKS = re.findall(r"```(bash|text)\n(.*?)```", PAGE.read_text(), re.DOTALL)


def commands():
    """The arguments of each command for one process, in order."""
    lines = [line for kind, block in BLOCKS if kind == "bash" for line in block.splitlines()]
    return [
        shlex.split(line.removeprefix("python -m d9d_lr.train"))
        for line in lines
        if line.startswith("python -m d9d_lr.train")
    ]


def test_the_commands_run_one_after_the_other(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("D9D_LR_PARALLEL_JOBS", "9")  # one thread for each job: the tests share the cores already
    base, changed, longer, cooldowns = commands()
    assert command_here(capsys, *base)[0] == 0
    before = digest(tmp_path)

    status, _, errors = command_here(capsys, *changed)
    assert (status, errors) == (2, dict(BLOCKS)["text"])
    assert digest(tmp_path) == before

    assert command_here(capsys, *longer)[0] == 0
    assert [rows(Path("runs/longer"))[index]["step"] for index in (0, -1)] == [700, 2000]

    assert command_here(capsys, *cooldowns)[0] == 0
    ends = sorted(rows(path.parent)[-1]["step"] for path in Path("runs/cooldowns").rglob("result.json"))
    assert ends == [750, 800, 900]
    assert {name: hash_ for name, hash_ in digest(tmp_path).items() if name in before} == before


@pytest.mark.parametrize("setting", sorted(set(re.findall(r"`train\.(\w+)", PAGE.read_text()))))
def test_the_settings_it_names_exist(setting):
    from d9d_lr.training.settings import TrainConfig

    assert setting in TrainConfig.model_fields

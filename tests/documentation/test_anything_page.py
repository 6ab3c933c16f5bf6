"""docs/anything.md: its commands validate or draw, its Python runs, its picture is made by the command beside it."""

import re
import shlex

import pytest

from d9d_lr import plot
from d9d_lr.composing.paths import APP_DIR, SCHEDULES_DIR
from helpers.running import run_command


@pytest.fixture
def page(repo):
    return (repo / "docs" / "anything.md").read_text(encoding="utf-8")


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```$", page, flags=re.MULTILINE | re.DOTALL)


def commands(page, tool):
    lines = [shlex.split(line) for block in blocks(page, "bash") for line in block.splitlines()]
    return [words[3:] for words in lines if words[:3] == ["python", "-m", f"d9d_lr.{tool}"]]


def test_its_trainings_validate(page, in_tmp):
    found = commands(page, "train")
    assert len(found) == 4
    for arguments in found:
        ran = run_command(*arguments)
        assert ran.status == 0, arguments
        assert all(settings.schedules for settings in ran.trained)


def test_its_drawings_are_drawn(page, in_tmp, capsys):
    found = commands(page, "plot")
    assert len(found) == 6
    for arguments in found:
        plot.plot(arguments)
    assert "batch_size by step" in capsys.readouterr().out


def test_its_experiment_runs(page, in_tmp):
    (text,) = blocks(page, "yaml")
    folder = in_tmp / "conf" / "experiment"
    folder.mkdir(parents=True)
    (folder / "decoupled.yaml").write_text(text.split("\n", 1)[1])
    (settings,) = run_command("-cd", "conf", "+experiment=decoupled").trained
    assert settings.schedules["weight_decay"].scheduler.phases[0].target_multiplier == 0.1


def test_its_python_runs(page):
    (text,) = blocks(page, "python")
    exec(compile(text, "anything.md", "exec"), {"__name__": "anything"})


def test_its_picture_is_made_by_the_command_beside_it(page, repo, in_tmp):
    pytest.importorskip("matplotlib")
    (command,) = re.findall(r"\*`python -m d9d_lr\.plot (.*)`\*", page)
    words = shlex.split(command)
    assert (repo / words[-1]).exists()
    plot.plot(words)
    assert (in_tmp / words[-1]).exists()


def test_every_preset_that_it_names_is_there(page):
    for name in re.findall(r"schedules\.\w+=(\w+/\w+)", page):
        assert (SCHEDULES_DIR / "lr" / f"{name}.yaml").is_file(), name
    for name in re.findall(r"\+experiment=(\w+)`", page):
        assert (APP_DIR / "experiment" / f"{name}.yaml").is_file(), name

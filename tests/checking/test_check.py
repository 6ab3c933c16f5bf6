"""`python -m d9d_lr.check`: every file is composed and validated, and each problem is told with its file and key."""

import pytest

from d9d_lr import check
from d9d_lr.checking import files as checking
from d9d_lr.composing.cli import run_tool

GOOD = """\
defaults:
  - warmup@phases.0: linear
  - decay@phases.1: cosine
  - _self_
initial_multiplier: 0.0
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A person's folder that is all there is: the packaged files, which take seconds, have tests of their own."""
    empty = tmp_path / "packaged"
    empty.mkdir()
    for name in ("APP_DIR", "SWEEPS_DIR"):
        monkeypatch.setattr(checking, name, empty)
    monkeypatch.setattr(checking, "_presets", lambda folder, config_dir, whole=checking._presets: (
        whole(folder, config_dir) if config_dir else iter(())
    ))  # fmt: skip
    folder = tmp_path / "own"
    for part in ("lr/decay", "experiment"):
        (folder / part).mkdir(parents=True)
    return folder


def told(capsys, *words):
    with pytest.raises(SystemExit) as stop:
        run_tool(check.check, words)
    return stop.value.code, capsys.readouterr()


def test_good_files_are_counted(own, capsys):
    (own / "lr" / "mine.yaml").write_text(GOOD)
    (own / "lr" / "decay" / "steep.yaml").write_text(
        "mode: rest\ntarget_multiplier: 0.01\ncurve: {type: poly, power: 4.0}\n"
    )
    (own / "experiment" / "long.yaml").write_text("# @package _global_\ntrain: {total_steps: 5000}\n")
    (own / "mine.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {sweeper: {params: {lr.phases.0.steps: '10,20'}}}\n"
    )
    check.check(["--config-dir", str(own)])
    assert capsys.readouterr().out == "checked 4 files: no problems\n"


def test_every_problem_has_its_file_and_key(own, capsys):
    (own / "lr" / "bad.yaml").write_text(GOOD.replace("0.0", "zero") + "phases: {'0': {stepz: 5}}\n")
    (own / "lr" / "broken.yaml").write_text("initial_multiplier: [1\n")
    (own / "lr" / "a_list.yaml").write_text("- 1\n")
    (own / "lr" / "decay" / "odd.yaml").write_text("mode: rest\ntarget_multiplier: 0.1\ncurve: {type: cosin}\n")
    (own / "experiment" / "typo.yaml").write_text("# @package _global_\ntrain: {total_step: 5000}\n")
    (own / "sweep.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {sweeper: {params: {lr.phases.0.steps: '10,0,5000'}}}\n"
    )
    (own / "notes.yaml").write_text("just: notes\n")
    status, said = told(capsys, "-cd", str(own))
    assert status == 2
    lines = said.out.splitlines()
    for file, key in [
        ("lr/bad.yaml", "lr.initial_multiplier: 'zero' is not allowed"),
        ("lr/bad.yaml", "lr.phases.0.stepz: unknown key"),
        ("lr/broken.yaml", "cannot be read: "),
        ("lr/a_list.yaml", "must hold keys and values, not a list"),
        ("lr/decay/odd.yaml", "lr.phases.2.curve.type: 'cosin' is not allowed"),
        ("experiment/typo.yaml", "total_step"),
        ("sweep.yaml", "lr.phases.0.steps: 0 is not allowed"),
        ("sweep.yaml", "lr.phases.0.steps: up to here the phases need 5000 steps"),
    ]:
        assert any(line.startswith(f"{own / file}: ") and key in line for line in lines), (file, key, said.out)
    assert f"not checked: {own / 'notes.yaml'}: it is no primary config: `config` is not in its defaults" in lines
    assert lines[-1].startswith("checked 6 files: ")


def test_sweeps_in_a_folder_of_their_own_are_checked(own, capsys):
    (own / "sweeps").mkdir()
    (own / "sweeps" / "typo.yaml").write_text(
        "defaults: [config, _self_]\nhydra: {mode: MULTIRUN, sweeper: {params: {lr.phases.0.stepz: '1,2'}}}\n"
    )
    status, said = told(capsys, "-cd", str(own))
    assert status == 2
    assert f"{own / 'sweeps' / 'typo.yaml'}: lr.phases.0.stepz: unknown key" in said.out


def test_a_file_hidden_by_a_packaged_one_is_reported(own, capsys):
    (own / "lr" / "wsd.yaml").write_text(GOOD)
    status, said = told(capsys, "-cd", str(own))
    assert status == 2
    assert "is never used: the packaged lr/wsd.yaml is found first\n    give it another name" in said.out


def test_a_folder_that_is_not_there_is_reported(capsys):
    status, said = told(capsys, "-cd", "nowhere")
    assert status == 2
    assert "there is no folder 'nowhere'" in said.err


def test_the_packaged_files_are_all_found(monkeypatch):
    found = []
    monkeypatch.setattr(checking, "_check", lambda file, *_: found.append(file) or checking.Checked(file))
    list(checking.check_all())
    wanted = {*checking.SCHEDULES_DIR.rglob("*.yaml"), *checking.APP_DIR.glob("experiment/*.yaml")}
    assert set(found) == wanted | set(checking.SWEEPS_DIR.glob("*.yaml"))

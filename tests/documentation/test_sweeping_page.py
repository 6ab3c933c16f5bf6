"""docs/sweeping.md: its application runs as it stands, and says what the page shows."""

import os
import re
import runpy
import shlex
import sys
from pathlib import Path

import pytest

from d9d_lr.composing.paths import SWEEPER_DIR
from helpers.hydra_versions import for_this_version

PAGE = (Path(__file__).parents[2] / "docs" / "sweeping.md").read_text()
BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def app(in_tmp, monkeypatch, capsys):
    """Writes the files of the page, and runs its application with what was typed."""
    for _, text in BLOCKS:
        if named := re.match(r"# ([\w/]+\.(?:py|yaml))\n", text):
            path = in_tmp / named[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(for_this_version(text))
    monkeypatch.syspath_prepend(str(in_tmp))
    monkeypatch.delitem(sys.modules, "my_checks", raising=False)

    def run(line):
        monkeypatch.setattr(sys, "argv", [os.fspath(in_tmp / "app.py"), *shlex.split(line, comments=True)[2:]])
        status = 0
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as end:
            status = end.code
        return status, *capsys.readouterr()

    yield run
    sys.modules.pop("my_checks", None)  # other applications have one too


def test_its_commands_run(app):
    (lines,) = [text.splitlines() for language, text in BLOCKS if language == "bash"]
    outcomes = [app(line) for line in lines]
    assert [status for status, _, _ in outcomes] == [0, 0, 0, 0]
    assert "4 points; nothing was started" in outcomes[0][1]
    assert "6 points in multirun/first, 4 of them completed before" in outcomes[2][1]
    assert "2 points in multirun/" in outcomes[3][1]
    assert Path("multirun/first/sweep.csv").exists()


def test_it_says_what_the_page_shows(app):
    (example,) = [text for language, text in BLOCKS if language == "console"]
    line, shown = example.removeprefix("$ ").split("\n", 1)
    status, _, said = app(line)
    assert status == 2
    assert said == shown


def test_its_preview_is_a_check(app, in_tmp):
    (text,) = [text for language, text in BLOCKS if language == "python" and "RunPreview" in text]
    (in_tmp / "my_checks.py").write_text(text)
    _, out, _ = app("python app.py -m rate=1,2 hydra.sweeper.dry_run=true")
    assert "area" in out
    assert "16" in out


def test_it_names_every_key():
    keys = re.findall(r"^  (\w+):", (SWEEPER_DIR / "hydra" / "sweeper" / "checked.yaml").read_text(), re.MULTILINE)
    missing = {key for key in keys if f"`{key}`" not in PAGE} - {"_target_", "point"}
    assert not missing

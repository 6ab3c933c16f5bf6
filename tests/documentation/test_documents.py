"""The documents run: their Python, their command lines, the errors they show, their links and their file tree.

A block that opens with a comment that is a file name is written to that file; the others are run in order, all in one
folder. Command lines that name a file of that folder run for real, the others up to the point where training starts.
"""

import os
import re
import shlex
import subprocess
import sys

import pytest

from helpers.running import run_command

DOCUMENTS = ("README.md", "docs/contributing.md")
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(repo, document, *languages):
    found = BLOCK.findall((repo / document).read_text())
    return [text for language, text in found if language in languages]


def file_name(text):
    found = re.match(r"# ([\w/]+\.(?:py|yaml))\n", text)
    return found.group(1) if found else None


def command_lines(repo, document):
    lines = "".join(blocks(repo, document, "bash")).splitlines()
    return [shlex.split(line, comments=True) for line in lines if line]


@pytest.fixture
def written(repo, in_tmp):
    """A folder with the files that the README shows."""
    for text in blocks(repo, "README.md", "python", "yaml"):
        if name := file_name(text):
            (in_tmp / name).parent.mkdir(exist_ok=True)
            (in_tmp / name).write_text(text)
    return in_tmp


def test_the_python_of_the_readme_runs(repo, in_tmp):
    snippets = [text for text in blocks(repo, "README.md", "python") if not file_name(text)]
    assert len(snippets) == 3
    for text in snippets:
        exec(compile(text, "README.md", "exec"), {"__name__": "readme"})


def test_user_defined_are_shown_in_under_twenty_lines(repo):
    own = {file_name(text): text for text in blocks(repo, "README.md", "python") if file_name(text)}
    assert set(own) == {"app.py", "my_project.py", "my_schedules.py"}
    for name in ("my_project.py", "my_schedules.py"):
        assert len(own[name].splitlines()) - 1 < 20  # the first line is the file's name


OWN = ("app.py", "my_project", "my_schedules")


def test_the_command_lines_with_own_files_run_for_real(repo, written):
    own = [words for words in command_lines(repo, "README.md") if any(name in " ".join(words) for name in OWN)]
    assert len(own) == 3
    said = []
    for number, words in enumerate(own):
        done = subprocess.run(
            [sys.executable, *words[1:], f"hydra.run.dir=run{number}"],
            cwd=written,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            timeout=200,
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    assert "learning rate at the end: [0.0003" in said[0]  # wsd with a cosine decay ends at a tenth of 0.003
    assert (written / "run1" / "result.json").exists()
    assert (written / "run2" / "metrics.jsonl").exists()


def test_the_training_lines_of_the_readme_compose_and_validate(repo, in_tmp):
    lines = [words for words in command_lines(repo, "README.md") if words[:3] == ["python", "-m", "d9d_lr.train"]]
    lines = [words[3:] for words in lines if not any(name in " ".join(words) for name in OWN)]
    assert len(lines) >= 10
    (in_tmp / "sweeps").symlink_to(repo / "sweeps")
    for arguments in lines:
        ran = run_command(*arguments)
        assert ran.status == 0
        assert bool(ran.trained) == ("--cfg" not in arguments and "sweep.dry_run=true" not in arguments)


def test_the_plotting_lines_of_the_readme_run(repo, in_tmp, capfd):
    pytest.importorskip("matplotlib")
    from d9d_lr.plot import plot

    lines = [words[3:] for words in command_lines(repo, "README.md") if words[:3] == ["python", "-m", "d9d_lr.plot"]]
    assert lines
    for arguments in lines:
        plot(arguments)
    assert (in_tmp / "warmups.png").exists()
    assert "wsd" in capfd.readouterr().out


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_make_target_that_is_named_exists(repo, document):
    targets = [words[1] for words in command_lines(repo, document) if words[0] == "make"]
    assert targets
    dry = subprocess.run(["make", "-n", *targets], cwd=repo, capture_output=True, text=True, timeout=60)
    assert dry.returncode == 0, dry.stderr


def test_the_errors_of_the_readme_are_what_is_said(repo, in_tmp, capfd):
    (text,) = blocks(repo, "README.md", "console")
    shown = re.split(r"^\$ python -m d9d_lr\.train ", text, flags=re.MULTILINE)[1:]
    assert len(shown) == 4
    for example in shown:
        arguments, expected = example.split("\n", 1)
        assert run_command(*shlex.split(arguments)).status == 2
        assert capfd.readouterr().err == expected


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(repo, document):
    for link in LINK.findall((repo / document).read_text()):
        assert link.startswith("https://") or ((repo / document).parent / link.partition("#")[0]).exists(), link


def test_the_file_tree_is_the_one_that_is_there(repo):
    (tree,) = blocks(repo, "README.md", "text")
    for line in tree.splitlines():
        assert (repo / line.split()[0]).is_dir(), line
    rooms = {path.name for path in (repo / "d9d_lr").iterdir() if (path / "__init__.py").exists()}
    assert {line.split()[0].split("/")[1] for line in tree.splitlines() if line.startswith("d9d_lr/")} == rooms


def test_the_preset_of_the_contributing_guide_works(repo, in_tmp):
    (text,) = blocks(repo, "docs/contributing.md", "yaml")
    (in_tmp / "own" / "lr").mkdir(parents=True)
    (in_tmp / "own" / "lr" / "my_preset.yaml").write_text(text)
    (settings,) = run_command("--config-dir", str(in_tmp / "own"), "lr=my_preset").trained
    assert [phase.curve.type for phase in settings.lr.scheduler.phases] == ["cosine", "linear"]

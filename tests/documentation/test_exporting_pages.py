"""docs/exporting.md, docs/lengths.md and docs/warmups.md: their commands and their Python run, their tables hold."""

import re
import shlex

import pytest

from d9d_lr import build_schedule, compose_lr, export, plot
from helpers.running import run_command

PAGES = ("exporting", "lengths", "warmups")


def blocks(repo, page, language):
    text = (repo / "docs" / f"{page}.md").read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_run(page, repo, in_tmp, capfd):
    for line in "".join(blocks(repo, page, "bash")).splitlines():
        program, *words = shlex.split(line)[2:]
        match program:
            case "d9d_lr.train":
                ran = run_command(*words)
                assert (ran.status, len(ran.trained)) == (0, 1)
            case "d9d_lr.plot":
                plot.plot(words)
            case "d9d_lr.export":
                export.export(words)
    capfd.readouterr()
    for code in blocks(repo, page, "python"):
        exec(compile(code, page, "exec"), {})


def test_a_run_of_tokens_is_as_long_as_the_page_says():
    ran = run_command("train.total_steps=null", "train.total_tokens=1M")
    assert [one.train.total_steps for one in ran.trained] == [488]


def test_the_first_steps_of_a_warmup_are_those_of_the_page(repo):
    text = (repo / "docs" / "warmups.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(linear\w*)` \| (.*) \|$", text, re.MULTILINE)
    assert [name for name, _ in rows] == ["linear", "linear_1_over_w", "linear_1_over_w_plus_1"]
    for name, cells in rows:
        schedule = build_schedule(compose_lr([f"lr/warmup@lr.phases.0={name}", "lr.phases.0.steps=5"]), 1000)
        values = [float(a) / float(b or 1) for a, _, b in (cell.partition("/") for cell in cells.split(" | "))]
        assert schedule.multipliers(range(6)).tolist() == pytest.approx(values, rel=1e-15)

"""docs/predicting.md: its commands parse, its schedules compose, its numbers are those of the code."""

import re
import shlex

import pytest

from d9d_lr.composing.paths import SWEEPS_DIR
from d9d_lr.laws.law import WIDTH
from d9d_lr.laws.ranking import CLOSE, MOST_DISAGREEMENT
from d9d_lr.predict import predict
from d9d_lr.predicting.asked import compose_candidates
from helpers.loss_curves import made, write_csv


@pytest.fixture
def page(repo):
    return (repo / "docs" / "predicting.md").read_text(encoding="utf-8")


def command_lines(page, module):
    blocks = re.findall(r"^```bash\n(.*?)^```$", page, flags=re.M | re.S)
    lines = "".join(blocks).replace("\\\n", "").splitlines()
    return [words[3:] for words in map(shlex.split, lines) if words[:3] == ["python", "-m", f"d9d_lr.{module}"]]


def test_the_commands_run(page, repo, in_tmp, capfd):
    pytest.importorskip("matplotlib")
    (in_tmp / "sweeps").symlink_to(repo / "sweeps")
    for name in ("wsd", "cosine"):
        write_csv(in_tmp / f"{name}.csv", made(name, total=400, noise=0.01))
    commands = command_lines(page, "predict")
    assert {words[0] for words in commands} == {"fit", "rank", "curve", "best"}
    names = {"outputs/wsd": "wsd.csv", "outputs/cosine": "cosine.csv", "fit/wsd": "wsd.csv", "fit/cosine": "cosine.csv"}
    for words in commands:
        predict([names.get(word, word) for word in words])
    assert "order" in capfd.readouterr().out
    assert (in_tmp / "losses.png").exists()


def test_the_sweep_file_has_forty_schedules():
    candidates = compose_candidates([], config_dir=SWEEPS_DIR, config_name="schedule_shape")
    assert len({candidate.multipliers.tobytes() for candidate in candidates}) == 40


def test_the_numbers_are_those_of_the_code(page):
    text = " ".join(page.split())
    assert f"disagree by more than {MOST_DISAGREEMENT:.1%}".replace("%", " %") in text
    assert f"within {CLOSE:.0%}".replace("%", " %") in text
    assert f"An interval is {WIDTH} times" in text

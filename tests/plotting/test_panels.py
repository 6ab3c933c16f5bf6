"""What is scheduled beside the learning rate: a panel of its own, in the terminal and in a file."""

import re
import xml.etree.ElementTree as ET

import pytest

from d9d_lr import plot
from d9d_lr.plotting.quantity import panels_of
from d9d_lr.plotting.series import compose_series

DECAY = ("+lr@schedules.weight_decay=linear_to_zero",)
LLAMA_3 = ("lr=models/llama3_405b", "lr.stretch=true")
TARGET = "schedules.weight_decay.phases.0.target_multiplier"


def test_each_has_a_panel_with_its_own_values_and_each_schedule_once():
    lr, batch, decay = panels_of(None, compose_series([*DECAY, f"{TARGET}=0,0.5", *LLAMA_3]))
    assert [panel.label for panel in (lr, batch, decay)] == ["learning rate", "batch_size", "weight_decay"]
    assert [len(panel.series) for panel in (lr, batch, decay)] == [1, 1, 2]
    assert [one.base_lr for one in (*batch.series, *decay.series)] == [32, 0.1, 0.1]
    assert [one.schedule.multiplier(500) for one in decay.series] == [0.5, 0.75]


def test_multipliers_are_drawn_where_they_are_asked_for():
    lr, decay = panels_of("multiplier", compose_series(DECAY))
    assert [panel.label for panel in (lr, decay)] == ["multiplier", "multiplier of weight_decay"]


def test_the_terminal_has_each_and_its_phases(capsys):
    plot.plot([*DECAY, "schedules.weight_decay.phases.0.target_multiplier=0.25"])
    out = " ".join(capsys.readouterr().out.split())
    assert "learning rate by step" in out
    assert "weight_decay by step" in out
    assert re.search(r"weight_decay: base value 0\.1, 1000 steps .* rest 0 1000 1 0\.25 linear", out)


def test_a_file_has_each(tmp_path):
    pytest.importorskip("matplotlib")
    plot.plot(["+experiment=seesaw", "--out", str(tmp_path / "seesaw.svg")])
    text = " ".join(ET.parse(tmp_path / "seesaw.svg").getroot().itertext())
    for name in ("learning rate", "batch_size", "step"):
        assert name in text

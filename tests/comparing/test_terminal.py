"""The answer on a terminal: at 80 columns no number breaks across lines."""

import re

import numpy as np
import pytest

from d9d_lr.comparing.answer import answers
from d9d_lr.comparing.folding import Outcome, settings_of
from d9d_lr.comparing.names import short_keys
from d9d_lr.comparing.terminal import answer_text, effects_line, settings_table
from d9d_lr.comparing.words import measured


def wide_sweep():
    rng = np.random.default_rng(0)
    return [
        Outcome(
            {
                "lr.phases.0.steps": str(steps),
                "lr/decay@lr.phases.2": decay,
                "lr.phases.2.target_multiplier": "0.1",
                "optimizer.weight_decay": str(decayed),
                "train.seed": str(seed),
            },
            "completed",
            1.2345 + 0.01 * rng.normal() + steps / 1000,
        )
        for steps in (10, 100)
        for decay in ("linear_to_zero", "sqrt_to_zero", "cosine_to_zero")
        for decayed in (0.01, 0.001, 0.123456789, 0.3)
        for seed in range(3)
    ]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_is_wider_than_the_terminal_and_no_number_breaks(width):
    settings = settings_of(wide_sweep())
    text = answer_text(answers(settings), "val_loss", width)
    lines = text.splitlines()
    assert max(map(len, lines)) <= width
    for setting in settings[:20]:
        assert any(measured(setting.mean, setting.deviation) in line for line in lines)
    assert "0.123456789" in text
    assert not any(re.search(r"\d\.$|±$|^\s*±", line) for line in lines)


def test_the_top_twenty_and_a_count():
    text = settings_table(settings_of(wide_sweep()), "val_loss", 80)
    assert text.splitlines()[-1] == "... and 4 settings more"
    assert len([line for line in text.splitlines() if re.match(r" ?\d+ ", line)]) == 20


def test_effects_in_one_line_the_largest_first():
    line = effects_line(settings_of(wide_sweep()))
    assert line.startswith("share of the variance: 0.steps 9")


@pytest.mark.parametrize(
    ("keys", "short"),
    [
        (["lr", "optimizer.lr"], ["lr", "optimizer.lr"]),
        (["optimizer.lr", "train.seed"], ["lr", "seed"]),
        (["lr.phases.0.steps", "lr.phases.2.target_multiplier"], ["0.steps", "2.target_multiplier"]),
        (["lr.phases.0.steps", "lr.phases.1.steps"], ["0.steps", "1.steps"]),
        (["lr/decay@lr.phases.2", "lr/curve@lr.phases.2.curve"], ["decay@2", "curve@lr.phases.2.curve"]),
        (["a.x", "b.x"], ["a.x", "b.x"]),
    ],
)
def test_short_names(keys, short):
    assert list(short_keys(keys).values()) == short

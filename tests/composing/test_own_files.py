"""Configuration files of the user's own, with what goes wrong in them."""

import shlex

import pytest

from d9d_lr import build_schedule
from d9d_lr.composing.hydra_internals import BEFORE_1_4
from helpers.running import files_below, run_command

GLOBAL = "# @package _global_\n"
SWOLLEN = f"a0: &a0 {[1] * 10}\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 7))
PRIMARY = "defaults:\n  - config\n  - _self_\n"

# The file's place below the folder, its text, what is typed, and what must be said.
BAD_FILES = [
    ("mine.yaml", PRIMARY + "train: {total_steps: 5\n", "-cn mine", ["mine.yaml, line 5", "is not valid YAML"]),
    ("mine.yaml", PRIMARY + "train:\n\tseed: 5\n", "-cn mine", ["mine.yaml, line 5, column 1", "indent with spaces"]),
    ("mine.yaml", PRIMARY + "sead: 5\n", "-cn mine", ["sead: unknown section; there are lr, optimizer"]),
    (
        "experiment/mine.yaml",
        GLOBAL + "lr:\n  phases:\n    2: {target_multiplier: 0.5}\n",
        "+experiment=mine",
        [
            "lr.phases: '2' and 2 are both position 2",
            "Quote the position in the YAML file, as in '2':, so that it merges",
        ],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + 'lr:\n  phases:\n    "2": {target_multiplier: .nan}\n',
        "+experiment=mine",
        ["lr.phases.2.target_multiplier: nan is not allowed", "a finite number"],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + 'lr:\n  phases:\n    "2": {target_mult: 0.5}\n',
        "+experiment=mine",
        ["lr.phases.2.target_mult: unknown key (value 0.5)", "did you mean 'target_multiplier'?"],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + "training:\n  seed: 1\n",
        "+experiment=mine",
        ["training: unknown section", "did you mean 'train'?"],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + "train:\n  seed: 1\n  seed: 2\n",
        "+experiment=mine",
        ["mine.yaml, line 4", "duplicate key seed"],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + "defaults:\n  - override /lr: nope\n",
        "+experiment=mine",
        ["lr: 'nope' is not one of constant,"],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + "defaults:\n  - override /lr/decay@lr.phases.7: linear\n",
        "+experiment=mine",
        ["lr/decay@lr.phases.7: is not part of this schedule"],
    ),
    (
        "experiment/mine.yaml",
        GLOBAL + "defaults:\n  - nothing_here\n",
        "+experiment=mine",
        ["Could not load 'experiment/nothing_here'"],
    ),
    ("experiment/mine.yaml", "train:\n  seed: 1\n", "+experiment=mine", ["start the file with: # @package _global_"]),
    ("experiment/mine.yaml", GLOBAL + "- a\n- b\n", "+experiment=mine", ["experiment/mine: the file holds a list"]),
    (
        "experiment/mine.yaml",
        GLOBAL + "# caf\xe9\n",
        "+experiment=mine",
        ["experiment/mine.yaml: cannot be read: "],
    ),
    ("lr/mine.yaml", "defaults: [mine, _self_]\n", "lr=mine", ["lr/mine.yaml: names itself in its defaults list"]),
    ("lr/mine.yaml", "a: " + "[" * 300 + "]" * 300 + "\n", "lr=mine", ["lr/mine.yaml: is nested "]),
    # Ten values, and six lines that each stand nine times for the line before: 9 ** 6 * 10 and more.
    ("lr/mine.yaml", SWOLLEN, "lr=mine", ["lr/mine.yaml: holds more than 200000 values"]),
    ("mine.yaml", PRIMARY + SWOLLEN, "-cn mine", ["mine.yaml: holds more than 200000 values"]),
    ("lr/mine.yaml", "a: &a {b: *a}\n", "lr=mine", ["lr/mine.yaml"]),
    ("lr/mine.yaml", "5\n", "lr=mine", ["lr/mine.yaml: must hold keys and values, not an int"]),
    ("lr/mine.yaml", "~: 1\n", "lr=mine", ["lr/mine.yaml: None is not a key"]),
    ("lr/mine.yaml", "initial_multiplier: ???\nphases: []\n", "lr=mine", ["lr.initial_multiplier: must be set"]),
    ("lr/mine.yaml", "initial_multiplier: 1.0\n", "lr=mine", ["lr.phases: is missing"]),
    ("lr/mine.yaml", "initial_multiplier: 1.0\nphases: []\n", "lr=mine", ["lr.phases: there are none"]),
    (
        "lr/mine.yaml",
        "initial_multiplier: 1.0\nphases:\n"
        "  - {mode: rest, target_multiplier: 1.0, curve: {type: linear}}\n"
        "  - {mode: steps, steps: 3, target_multiplier: 1.0, curve: {type: linear}}\n",
        "lr=mine",
        ["lr.phases.0.mode: phase 1 of 2 has mode rest"],
    ),
    (
        "lr/mine.yaml",
        "defaults:\n  - decay@phases.0: linear\n  - _self_\n",
        "lr=mine",
        ["lr.initial_multiplier: is missing; it must be a finite number"],
    ),
    (
        "lr/mine.yaml",
        "initial_multiplier: 0.0\nphases:\n  '3': {mode: steps, steps: 3, target_multiplier: 1.0}\n",
        "lr=mine",
        ["lr.phases.3.curve: is missing"],
    ),
]


@pytest.mark.parametrize(("place", "text", "line", "parts"), BAD_FILES)
def test_a_bad_file_is_reported_and_nothing_is_done(place, text, line, parts, in_tmp, tmp_path_factory, capfd):
    folder = tmp_path_factory.mktemp("own")
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).write_bytes(text.encode("latin-1"))
    ran = run_command("--config-dir", str(folder), *shlex.split(line))
    said = capfd.readouterr().err
    assert (ran.status, ran.trained) == (2, [])
    for part in parts:
        assert part in said
    assert "Traceback" not in said
    assert files_below(in_tmp) == []


def test_a_preset_and_an_experiment_of_ones_own_work(in_tmp, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "lr").mkdir()
    (folder / "experiment").mkdir()
    (folder / "lr" / "mine.yaml").write_text(
        "defaults:\n  - warmup@phases.0: cosine\n  - decay@phases.1: linear_to_zero\n  - _self_\n\n"
        'initial_multiplier: 0.0\nphases:\n  "0":\n    steps: 50\n'
    )
    (folder / "experiment" / "mine.yaml").write_text(GLOBAL + "defaults:\n  - override /lr: mine\n")
    for line in ("lr=mine", "+experiment=mine"):
        (settings,) = run_command("--config-dir", str(folder), line).trained
        assert build_schedule(settings.lr, 100).multipliers([0, 25, 50, 75, 100]).tolist() == [0, 0.5, 1, 0.5, 0]


@pytest.mark.skipif(BEFORE_1_4, reason="Hydra 1.3 lets any file start a sweep")
def test_a_file_that_would_start_a_sweep_by_itself_is_refused_with_what_to_type(in_tmp, tmp_path_factory, capfd):
    folder = tmp_path_factory.mktemp("own")
    (folder / "experiment").mkdir()
    params = "  sweeper: {params: {train.seed: '1,2'}}\n"
    (folder / "experiment" / "mine.yaml").write_text(GLOBAL + "hydra:\n  mode: MULTIRUN\n" + params)
    words = ("--config-dir", str(folder), "+experiment=mine")
    assert run_command(*words).status == 2
    said = capfd.readouterr().err
    assert "hydra.mode: is set in a file that the primary config includes" in said
    assert "take it out of the file, and add --multirun to the command" in said
    (folder / "experiment" / "mine.yaml").write_text(GLOBAL + "hydra:\n" + params)
    assert [settings.train.seed for settings in run_command(*words, "--multirun").trained] == [1, 2]
